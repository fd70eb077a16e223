import { manifestShow } from './manifest-show.ts';
import { manifestSign } from './manifest-sign.ts';
import { manifestVerify } from './manifest-verify.ts';
import type { Register } from './shell/command.ts';
import { group } from './shell/command.ts';

/** `holdpoint manifest …`: what the processes are told to be right. */
export const manifestCommand: Register = (parent, context) => {
  const manifest = group(parent, 'manifest', 'show, verify and sign the manifest that every process loads');
  for (const register of [manifestShow, manifestVerify, manifestSign]) register(manifest, context);
};
