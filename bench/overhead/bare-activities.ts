import { cancellationSignal } from '@temporalio/activity';
import type { ReadAnswer, Tools } from '../../activities/tools/implement.ts';
import type { Credential } from '../../contracts/broker-api.ts';
import type { Entity } from '../../contracts/tools/contract.ts';
import type { JsonObject } from '../../contracts/values.ts';
import type { BareLogins } from './bare-logins.ts';

export type BareActivities = {
  read(tool: string, args: JsonObject): Promise<ReadAnswer>;
  terminate(target: Entity): Promise<string>;
};

const bytesMax = 262_144;
const startMs = 2_000;
const postconditionMs = 5_000;

const lookingBy = (credential: Credential) => ({ signal: cancellationSignal(), credential: async () => credential });

/** The product's own Postgres tools, called straight: the same SQL, sessions, preconditions and postcondition. */
export const createBareActivities = (tools: Tools, { credentials }: BareLogins): BareActivities => ({
  async read(name, args) {
    const tool = tools.get(name);
    if (tool?.kind !== 'read') throw new Error(`expected a tool that reads, got \`${name}\``);
    return tool.read(args, { ...lookingBy(credentials.monitor), bytesMax });
  },
  async terminate(target) {
    const tool = tools.get('postgres.terminateBackend');
    if (tool?.kind !== 'write') throw new Error('expected a tool that terminates');
    const mark = { digest: '0'.repeat(64), incident: 'bare' };
    const aim = { target, preconditions: tool.contract.preconditionsOf(target), mark };
    const armed = await tool.arm(aim, credentials.terminate, cancellationSignal());
    try {
      const startBefore = new Date(Date.now() + startMs).toISOString();
      const { status, detail } = await armed.fire(() => ({ startBefore, leftMs: startMs }), cancellationSignal());
      if (status !== 'done') throw new Error(`expected the session's end, got ${status}: ${detail}`);
    } finally {
      await armed.disarm();
    }
    const { held, detail } = await tool.postcondition(aim, postconditionMs, lookingBy(credentials.monitor));
    if (!held) throw new Error(detail);
    return detail;
  },
});
