import { z } from 'zod';
import { ProofKind } from './runbook.ts';
import { signed } from './signed.ts';
import { PersonId, statementTypes } from './statement.ts';
import { Instant, Name, Sha256 } from './values.ts';

/** The approver directory, `approvers.yaml`: persons, their groups and the proofs they hold. Quorum counts persons, not keys. */
export const Approvers = z
  .strictObject({
    v: z.literal(1),
    people: z
      .array(
        z.strictObject({
          person: PersonId,
          groups: z.array(Name).min(1).max(16),
          /** OpenSSH public key lines: `ssh-ed25519`, `ecdsa-sha2-nistp256` and their `sk-` forms. */
          ssh: z.array(z.string().min(40).max(1_024)).max(8).default([]),
        }),
      )
      .min(1)
      .max(1_000),
  })
  .refine(({ people }) => new Set(people.map(({ person }) => person)).size === people.length, {
    message: 'expected each person once',
    path: ['people'],
  })
  .refine(
    ({ people }) =>
      new Set(people.flatMap(({ ssh }) => ssh.map((line) => line.split(' ')[1]))).size ===
      people.flatMap(({ ssh }) => ssh).length,
    {
      message: 'expected each key once: a key that two persons share proves neither',
      path: ['people'],
    },
  );
export type Approvers = z.infer<typeof Approvers>;

const Power = z.strictObject({
  groups: z.array(Name).min(1).max(16),
  quorum: z.number().int().min(1).max(5),
  proofs: z.array(ProofKind).min(1),
});
/** Which groups may make a statement of each type, and how many distinct persons it takes. `powers.yaml`. */
export const Powers = z.strictObject({ v: z.literal(1), types: z.record(z.enum(statementTypes), Power) });
export type Powers = z.infer<typeof Powers>;

/** Entry names of a manifest: `runbooks/<id>`, `policies/<file>`, `approvers`, `powers`, `limits`, `tools`, `workflow-bundle`, `judge-build`. */
export const ManifestEntry = z
  .string()
  .regex(
    /^((runbooks|policies)\/[A-Za-z0-9][A-Za-z0-9_.-]{0,62}|approvers|powers|limits|tools|workflow-bundle|judge-build)$/,
  );

export const Manifest = z.strictObject({
  v: z.literal(1),
  mode: z.enum(['development', 'production']),
  version: z.number().int().min(1),
  issuedAt: Instant,
  notAfter: Instant,
  entries: z.record(ManifestEntry, Sha256),
});
export type Manifest = z.infer<typeof Manifest>;

/** One file, `manifest-<version>.json`: the signed manifest and the text of each entry that is text. */
export const ManifestFile = z.strictObject({
  manifest: signed(Manifest),
  files: z.record(ManifestEntry, z.string().max(262_144)),
});
export type ManifestFile = z.infer<typeof ManifestFile>;
