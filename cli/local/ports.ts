import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { freePorts, loopback } from '../../servers/ports.ts';
import { Refusal } from '../shell/refusal.ts';

const Port = z.number().int().min(1).max(65_535);
/** Kept between two starts: what an Alertmanager or a bookmark points at stays where it is. */
const KeptPorts = z.strictObject({ temporal: Port, temporalUi: Port, gateway: Port, recorder: Port, postgres: Port });
export type KeptPorts = z.infer<typeof KeptPorts>;

const usual: KeptPorts = { temporal: 7233, temporalUi: 8233, gateway: 8420, recorder: 8421, postgres: 8432 };
const names = Object.keys(usual) as (keyof KeptPorts)[];

/** The ports of an installation: those of the last start, else the usual ones where they are free. Throws `Refusal`. */
export async function keptPorts(home: string): Promise<KeptPorts> {
  const file = join(home, 'ports.json');
  const known = KeptPorts.safeParse(await readJson(file));
  const ports = known.success ? known.data : await choose();
  for (const name of names)
    if (await isTaken(ports[name]))
      throw new Refusal(
        'BAD_INPUT',
        `port ${ports[name]} of ${name} is in use`,
        `stop what listens there (perhaps another \`holdpoint dev\` here), or change it in ${file}`,
      );
  await writeFile(file, `${JSON.stringify(ports, null, 2)}\n`);
  return ports;
}

async function choose(): Promise<KeptPorts> {
  const free = await freePorts(names.length);
  const chosen = await Promise.all(
    names.map(async (name, at) => [name, (await isTaken(usual[name])) ? free[at] : usual[name]]),
  );
  return KeptPorts.parse(Object.fromEntries(chosen));
}

/** By connecting, not by listening: nothing is left behind for the one who is about to listen. */
function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: loopback, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}
