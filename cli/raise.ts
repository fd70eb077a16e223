import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { visible } from '../policies/visible.ts';
import type { ClientConfig } from './client-config.ts';
import { loadClientConfig } from './client-config.ts';
import type { RaisedAlert } from './connect/gateway.ts';
import { postAlert } from './connect/gateway.ts';
import type { Register } from './shell/command.ts';
import { answer, run, subcommand } from './shell/command.ts';
import type { Io } from './shell/io.ts';
import { Refusal, WrongUse } from './shell/refusal.ts';

type Options = {
  readonly label?: string[];
  readonly annotation?: string[];
  readonly resolved?: boolean;
  readonly startsAt?: string;
  readonly url?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
};

/** `holdpoint raise`: the same HTTP request that Alertmanager would send, with the same secret. */
export const raiseCommand: Register = (parent, { io, status }) => {
  subcommand(parent, 'raise', 'raise an alert at the gateway, as Alertmanager would', [
    'holdpoint raise PaymentsDatabaseBlocked --label service=payments --label severity=critical',
  ])
    .argument('<alertname>', 'the label alertname')
    .option('-l, --label <name=value...>', 'more labels')
    .option('-a, --annotation <name=value...>', 'annotations')
    .option('--resolved', 'say that it is over; needs the --starts-at of the firing')
    .option('--starts-at <instant>', 'when it began; now, when left out')
    .option('--url <url>', 'the gateway')
    .option('--token-file <file>', 'file that holds the bearer token')
    .action(
      run({ io, status }, async (alertname: string, options: Options) => {
        const home = loadClientConfig(io);
        const alert: RaisedAlert = {
          status: options.resolved === true ? 'resolved' : 'firing',
          labels: { alertname, ...pairsOf('--label', options.label) },
          annotations: pairsOf('--annotation', options.annotation),
          startsAt: expectInstant(options.startsAt),
        };
        const taken = await postAlert(urlOf(options, home), await tokenOf(io, options, home), alert);
        return answer(io, options.json, { ok: true, startsAt: alert.startsAt, ...taken }, () => {
          for (const one of taken.accepted) io.out(`${one.result}: ${visible(one.workflowId, 200)}`);
        });
      }),
    );
};

function pairsOf(option: string, given: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    given.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new WrongUse(`${option} \`${visible(pair, 100)}\`: expected name=value`, 'write it so');
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function expectInstant(text: string | undefined): string {
  const ms = text === undefined ? Date.now() : Date.parse(text);
  if (Number.isFinite(ms)) return new Date(ms).toISOString();
  throw new WrongUse(
    `--starts-at \`${visible(text ?? '', 60)}\`: expected a time like 2026-01-31T09:30:00Z`,
    'write it so',
  );
}

function urlOf(options: Options, home: ClientConfig | null): string {
  const url = options.url ?? home?.gatewayUrl;
  if (url !== undefined && URL.canParse(url)) return url;
  throw new WrongUse('no gateway to send it to', 'add --url, or start `holdpoint dev` here');
}

async function tokenOf(io: Io, options: Options, home: ClientConfig | null): Promise<string> {
  const file = options.tokenFile ?? home?.alertTokenFile ?? undefined;
  if (file === undefined) throw new WrongUse('no bearer token', 'add --token-file FILE');
  const token = await readFile(resolve(io.cwd, file), 'utf8').catch(() => null);
  if (token === null) throw new Refusal('NOT_FOUND', `no token file \`${file}\``, 'name another with --token-file');
  return token.trim();
}
