import type { Io } from '../shell/io.ts';

/** A value may stand in a printed command only when a shell reads it as one plain word (design section 4). */
const plainWord = /^[A-Za-z0-9/_.-]{1,255}$/;
const expectPlain = (value: string): string => (plainWord.test(value) ? value : "'not shown: unusual characters'");

/** The two ways to release, as exact lines to paste. A home that the reader named is named again in them. */
export function releaseCommands(io: Pick<Io, 'env'>, workflowId: string, digest: string): string[] {
  const home = io.env.HOLDPOINT_HOME ?? '';
  return commandsAt({ home: home === '' ? null : home, address: io.env.TEMPORAL_ADDRESS ?? null }, workflowId, digest);
}

/** The same lines for an installation at a known place, `home` and `address` of which other shells do not know. */
export function commandsAt(
  place: { readonly home: string | null; readonly address: string | null },
  workflowId: string,
  digest: string,
): string[] {
  const env = place.home === null ? '' : `HOLDPOINT_HOME=${expectPlain(place.home)} `;
  const address = place.address === null ? '' : ` --address ${expectAddress(place.address)}`;
  const [id, action] = [expectPlain(workflowId), expectPlain(digest)];
  return [
    `${env}npx holdpoint approve ${id} ${action}`,
    `temporal workflow signal${address} -w ${id} --name approve --input "$(${env}npx holdpoint sign ${id} ${action})"`,
  ];
}

const expectAddress = (address: string): string =>
  /^[A-Za-z0-9.:_[\]-]{1,255}$/.test(address) ? address : "'not shown: unusual characters'";
