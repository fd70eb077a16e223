import type { ToolContract } from '../../contracts/tools/contract.ts';
import type { Verdict } from '../../contracts/verdict.ts';
import { derivedOnce } from '../derived-once.ts';
import { forbiddenBy } from '../never-allow/floor.ts';
import { judgeReadSql } from '../sql-read.ts';
import { deny, type Judging, shown } from './rule.ts';

/**
 * The floor: what no runbook, ring, statement or flag can permit. It is code, so that changing it is a reviewed change of
 * the judge's own build.
 */
const destructiveName = /delete|drop|truncate|destroy|purge|wipe/i;

/** No typed tool deletes or drops; one that is registered by mistake is refused by its name. */
const destructiveTool: FloorRule = ({ contract }) =>
  destructiveName.test(contract.name)
    ? deny(
        'floor.destructive-tool',
        `${shown(contract.name)} is destructive by name`,
        'nothing: such a tool is never run',
      )
    : null;

/** The floor of commands holds for tools too: what a tool does counts, whatever it is called. */
const forbiddenAction: FloorRule = ({ contract }) => {
  const found = forbiddenOf(contract);
  return found === null ? null : deny(found.rule, found.reason, 'nothing: such a tool is never run');
};
const forbiddenOf = derivedOnce(
  ({ actions }: ToolContract) => actions.map(forbiddenBy).find((one) => one !== null) ?? null,
);

/** Every SQL text, whichever tool takes it, is one SELECT made of listed parts. */
const sqlText: FloorRule = ({ call }) => {
  if (!Object.hasOwn(call.args, 'sql')) return null;
  const { sql } = call.args;
  const judged = typeof sql === 'string' ? judgeReadSql(sql) : notText;
  if (judged.ok) return null;
  const change =
    judged.rule === 'floor.drop-table' || judged.rule === 'floor.not-a-read'
      ? 'nothing: no SQL text may write'
      : 'ask with one SELECT over listed relations and functions';
  return deny(judged.rule, judged.reason, change);
};
const notText = { ok: false, rule: 'floor.unparsable-sql', reason: 'expected SQL text' } as const;

const backendOf = ({ contract, target }: Pick<Judging, 'contract' | 'target'>) =>
  contract.targetKind === 'backend' ? (target?.entity ?? null) : null;

/** Ending a WAL sender breaks a replica and ending an autovacuum can end in wraparound: only a client's session may be signalled. */
const clientBackendOnly: FloorRule = (judging) => {
  const backend = backendOf(judging);
  if (backend === null || backend.attributes.backendType === 'client backend') return null;
  const reason = `expected a client's session, got ${shown(String(backend.attributes.backendType))}`;
  return deny('floor.not-a-client-backend', reason, 'nothing: only a client backend may be signalled');
};

/** The executor's own sessions are how it sees what it does. */
const notOwnBackend: FloorRule = (judging) => {
  const backend = backendOf(judging);
  if (backend === null || backend.attributes.own === false) return null;
  return deny('floor.own-backend', 'this session is, or may be, one of our own', 'aim at a session of another login');
};

/** A pod that no deployment replaces does not come back: ending it is a deletion, whatever the API is called. */
const replacedPodOnly: FloorRule = ({ contract, target }) => {
  if (contract.targetKind !== 'pod' || target === null) return null;
  const { controller, deployment } = target.entity.attributes;
  if (controller === 'ReplicaSet' && typeof deployment === 'string' && deployment !== '') return null;
  return deny('floor.pod-not-replaced', 'no deployment replaces this pod', 'aim at a pod of a deployment');
};

/** What the floor looks at: it needs neither runbook nor standing. */
export type FloorRule = (judging: Pick<Judging, 'call' | 'contract' | 'target'>) => Verdict | null;
export const floorRules: readonly FloorRule[] = [
  destructiveTool,
  forbiddenAction,
  sqlText,
  clientBackendOnly,
  notOwnBackend,
  replacedPodOnly,
];
