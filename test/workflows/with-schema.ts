import { Alert } from '../../contracts/alert.ts';

// A workflow that breaks the wall on purpose: the bundle test shows that it would be seen.
export async function incident(raw: unknown): Promise<boolean> {
  return Alert.safeParse(raw).success;
}
