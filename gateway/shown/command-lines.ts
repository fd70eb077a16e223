/** A value may stand in a printed command only when a shell reads it as one plain word (design section 4). */
const plainWord = /^[A-Za-z0-9/_.-]{1,255}$/;
export const expectPlain = (value: string): string =>
  plainWord.test(value) ? value : "'not shown: unusual characters'";

/** A path of this machine, which may hold a space. */
export const shellPath = (path: string): string =>
  /^[A-Za-z0-9 ()+,@~/_.-]{1,255}$/.test(path) && !plainWord.test(path) ? `'${path}'` : expectPlain(path);

/** Where an installation is, as far as other shells do not know it by themselves. */
export type CommandPlace = { readonly home: string | null; readonly address: string | null; readonly cli: string };

/** The two ways to release, as exact lines to paste in another terminal. */
export function commandsAt(place: CommandPlace, workflowId: string, digest: string): string[] {
  const env = place.home === null ? '' : `HOLDPOINT_HOME=${shellPath(place.home)} `;
  const address = place.address === null ? '' : ` --address ${expectAddress(place.address)}`;
  const [id, action] = [expectPlain(workflowId), expectPlain(digest)];
  return [
    `${env}npx holdpoint approve ${id} ${action}`,
    `${place.cli} workflow signal${address} -w ${id} --name approve --input "$(${env}npx holdpoint sign ${id} ${action})"`,
  ];
}

const expectAddress = (address: string): string =>
  /^[A-Za-z0-9.:_[\]-]{1,255}$/.test(address) ? address : "'not shown: unusual characters'";

/** The line that rejects it. */
export const rejectCommandAt = ({ home }: CommandPlace, workflowId: string, digest: string): string =>
  `${home === null ? '' : `HOLDPOINT_HOME=${shellPath(home)} `}npx holdpoint reject ${expectPlain(workflowId)} ${expectPlain(digest)}`;
