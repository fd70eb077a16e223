import { codeOf } from '../../../contracts/errors.ts';

/** The code of the refusal that `act` throws, or `none` when it does not refuse. */
export function refusalOf(act: () => unknown): string {
  try {
    act();
    return 'none';
  } catch (error) {
    const code = codeOf(error);
    return code === 'INTERNAL' ? `INTERNAL: ${String(error)}` : code;
  }
}
