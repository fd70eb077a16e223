/** True for a colour sequence that hides what follows it: attribute 8. The 8 inside of `38;5;8` is a colour. */
export function concealsText(csi: string): boolean {
  if (!csi.endsWith('m')) return false;
  const parameters = csi.slice(0, -1).split(/[;:]/);
  for (let at = 0; at < parameters.length; at++) {
    const parameter = Number(parameters[at]);
    if (parameter === 38 || parameter === 48 || parameter === 58) at += parameters[at + 1] === '5' ? 2 : 4;
    else if (parameter === 8) return true;
  }
  return false;
}

/** Titles, links and shell marks are what terminals print; any other string (a clipboard, a device) has no place in a log. */
const ordinaryCommands = /^(?:[0-9]|1[0-9]|104|133|633|1337)(?:;|$)/;

/** True for a terminal string sequence that no ordinary program prints into its log. */
export function stringSequenceIsOdd(found: string, sequence: string): boolean {
  const isCommand = found.startsWith('\x1b]') || found.startsWith('\x9d');
  return !(isCommand && ordinaryCommands.test(sequence));
}
