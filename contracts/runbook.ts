import { z } from 'zod';
import { Scopes } from './runbook-scopes.ts';
import { Name, Sha256, text } from './values.ts';

const ToolName = z.string().regex(/^[a-z][a-z0-9]*\.[a-z][A-Za-z0-9]*$/, 'expected a tool name like postgres.activity');
/** A tool's name, or a command or statement in an operator's words: `kubectl delete deploy`, `DROP TABLE`. */
const BoundaryEntry = z.string().min(1).max(200);
const Scalar = z.union([z.boolean(), z.number(), z.string().max(256), z.null()]);

/** Names what `docs/runbooks.md` lists by itself: forms that stand in several places. */
const part = <T extends z.ZodType>(schema: T, id: string): T => schema.meta({ id });

/** A test on one attribute of an entity. Every test given must hold. */
export const AttributeTest = part(
  z
    .strictObject({
      eq: Scalar.optional().describe('It is exactly this.'),
      gte: z.number().optional().describe('It is a number, and at least this.'),
      lte: z.number().optional().describe('It is a number, and at most this.'),
      in: z.array(Scalar).min(1).max(20).optional().describe('It is one of these.'),
    })
    .refine((test) => Object.keys(test).length > 0, 'expected at least one of eq, gte, lte, in'),
  'AttributeTest',
);
export const EntityTest = part(
  z.strictObject({
    from: ToolName.describe('The read whose newest result is searched.'),
    kind: z.string().max(31).describe('The kind of entity, as the read returns it: `backend`.'),
    where: z
      .record(z.string().max(64), AttributeTest)
      .default({})
      .describe('Tests by the name of an attribute. An entity passes when it passes all.'),
  }),
  'EntityTest',
);

/**
 * When a row of the decision table applies. `missing`: no result of that read since the last write. `after`: that write
 * was executed. `exactly`, `atLeast`, `none`: how many entities of the newest result pass the test; without a result, false.
 */
export type Condition =
  | { readonly missing: string }
  | { readonly after: string }
  | { readonly exactly: number; readonly entity: z.infer<typeof EntityTest> }
  | { readonly atLeast: number; readonly entity: z.infer<typeof EntityTest> }
  | { readonly none: z.infer<typeof EntityTest> }
  | { readonly all: readonly Condition[] };
const many = z.number().int().min(1).max(100);
const searched = EntityTest.describe(
  'What is counted in the newest result since the last write. Without one, nothing holds.',
);
export const Condition: z.ZodType<Condition> = part(
  z.lazy(() =>
    z.union([
      z.strictObject({ missing: ToolName.describe('There is no result of this read since the last write.') }),
      z.strictObject({ after: ToolName.describe('This write was executed.') }),
      z.strictObject({
        exactly: many.describe('So many entities pass, of a list that is whole. At 1, a write may be aimed at it.'),
        entity: searched,
      }),
      z.strictObject({ atLeast: many.describe('So many entities pass, or more.'), entity: searched }),
      z.strictObject({ none: EntityTest.describe('No entity passes, of a list that is whole.') }),
      z.strictObject({ all: z.array(Condition).min(1).max(8).describe('Each of these holds.') }),
    ]),
  ),
  'Condition',
);

/** Literal arguments, plus `target: entity` for a write: the one entity that the row's `exactly: 1` test found. */
export const PlaybookCall = part(
  z.strictObject({
    tool: ToolName.describe('A tool that is listed under `tools` and not forbidden.'),
    args: z
      .record(z.string().max(64), Scalar)
      .default({})
      .describe('Arguments of a read, as the contract of the tool takes them. A write has none.'),
    target: z
      .literal('entity')
      .optional()
      .describe('Of a write: the one entity that the `exactly: 1` test of its row finds.'),
    why: text(500).describe('Shown to whoever is asked to release it.'),
  }),
  'Call',
);
export const PlaybookRow = z.strictObject({
  id: Name.describe('Unique in the playbook; pages and timelines name it.'),
  when: Condition.describe('When the row applies.'),
  do: z
    .union([
      z.strictObject({
        calls: z.array(PlaybookCall).min(1).max(4).describe('What is proposed then: reads, and at most one write.'),
      }),
      z.strictObject({
        conclude: text(500).describe('Ends the incident with these words, after recovery was looked at.'),
      }),
    ])
    .describe('What the row does: `calls` or `conclude`.'),
});
export type PlaybookRow = z.infer<typeof PlaybookRow>;

export const proofKinds = ['ssh'] as const;
export const ProofKind = z.enum(proofKinds);

const dayMs = 86_400_000;
const ms = (min: number, max: number) => z.number().int().min(min).max(max);

/** A runbook may ask for more than these floors, never for less. */
const Promotion = z.strictObject({
  gradedMin: z
    .number()
    .int()
    .min(10, 'expected 10 or more: no runbook is promoted on fewer')
    .max(1_000)
    .default(20)
    .describe('Graded proposals that a promotion needs.'),
  accuracyMin: z
    .number()
    .min(0.7, 'expected 0.7 or more: no runbook is promoted below')
    .max(0.99)
    .default(0.8)
    .describe('Compared with the Wilson lower bound of the graded accuracy, so that few grades prove little.'),
});

const CircuitBreaker = z.strictObject({
  destructive: z
    .strictObject({
      count: z.number().int().min(1).max(20).default(5).describe('So many writes in the window trip it.'),
      windowMs: ms(600_000, 7 * dayMs)
        .default(3_600_000)
        .describe('The window that they are counted in.'),
    })
    .prefault({})
    .describe('Writes in a window.'),
  consecutive: z
    .number()
    .int()
    .min(1)
    .max(10)
    .default(3)
    .describe('So many writes in a row, of which none is known to have gone well, trip it.'),
  errorBudget: z
    .strictObject({
      objective: z.number().min(0.5).max(0.999).default(0.9).describe('The share of ends that should be as expected.'),
      windowMs: ms(dayMs, 30 * dayMs)
        .default(7 * dayMs)
        .describe('The window that ends are counted in.'),
      eventsMin: z
        .number()
        .int()
        .min(5)
        .max(100)
        .default(30)
        .describe('With fewer ends than this in the window, the budget is that of so many.'),
    })
    .prefault({})
    .describe('More unexpected ends than the objective leaves room for trip it.'),
});
export type CircuitBreaker = z.infer<typeof CircuitBreaker>;

/**
 * A runbook: the trusted plan. Before any outside text is read it fixes which tools, on which targets, how often.
 * Its digest is the SHA-256 of the file's bytes: any change is another runbook, with a dry run of its own.
 */
export const Runbook = z.strictObject({
  v: z.literal(1).describe('The version of this format.'),
  id: Name.describe('The name of the runbook, unique in a manifest; commands and fences use it.'),
  title: text(120).min(1).describe('Shown to people beside the id.'),
  owner: text(120).min(1).describe('The team that answers for it; organisation policies may test it.'),
  match: z
    .strictObject({
      source: z
        .array(Name)
        .min(1)
        .max(8)
        .optional()
        .describe('Only alerts that came by one of these; any, without it.'),
      labels: z
        .record(z.string().min(1).max(256), z.union([text(256), z.array(text(256)).min(1).max(32)]))
        .describe('Labels that must be there with exactly this value, or one of them. At least one.'),
    })
    .refine(
      ({ labels }) => Object.keys(labels).length > 0,
      'expected at least one label: a runbook that matches everything matches nothing',
    )
    .describe('Which alerts start it, by labels that your alert rules set. One that two runbooks match starts none.'),
  goal: text(1_000).min(1).describe('What the agent is told to achieve, and when to leave it to a person.'),
  tools: z
    .array(
      z.strictObject({
        tool: ToolName.describe('The name of a tool, each once. What is not listed cannot be called.'),
        scopes: Scopes,
        perIncidentMax: z
          .number()
          .int()
          .min(1)
          .max(200)
          .describe('How often in one incident, over all its runs; of a write at most `limits.writesPerIncidentMax`.'),
      }),
    )
    .min(1)
    .max(32)
    .describe('Everything that may be called.'),
  action_boundary: z
    .strictObject({
      never_allow: z
        .array(BoundaryEntry)
        .max(64)
        .default([])
        .describe('What is never done: tools, commands or statements without their targets. Absolute.'),
      require_human: z
        .array(BoundaryEntry)
        .max(64)
        .default([])
        .describe('Writes, in the same words, that no grant may ever release. Every write is held without it too.'),
      auto_approve: z
        .array(BoundaryEntry)
        .max(0, 'expected none: auto-release is earned by a grant, never configured')
        .default([])
        .describe('Must be empty: an automatic release is earned and granted, never configured.'),
    })
    .describe('What no proposal gets past.'),
  approvers: z
    .strictObject({
      groups: z.array(Name).min(1).max(8).describe('Groups of the approver directory whose persons may release.'),
      quorum: z.number().int().min(1).max(5).describe('How many distinct persons a release takes.'),
      expiryMs: ms(30_000, 86_400_000).describe('How long a hold waits. Silence is never consent.'),
      proofs: z
        .strictObject({
          low: z.array(ProofKind).min(1).describe('Proofs that count for a low-risk write.'),
          high: z.array(ProofKind).min(1).describe('Proofs that count for a high-risk write.'),
        })
        .describe('How a person signs. Risk belongs to the tool.'),
      self_approval: z.literal(false).describe('Must be false: what proposes a call never releases it.'),
    })
    .describe('Who releases a write.'),
  identity: z
    .strictObject({
      role: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/)
        .describe('The executor that runs it: each role has its own process, key, queue and credentials.'),
    })
    .describe('As whom it acts.'),
  limits: z
    .strictObject({
      writesPerIncidentMax: z.number().int().min(0).max(50).describe('Writes of all tools in one incident.'),
      writesPerHourMax: z.number().int().min(0).max(100).describe('Writes of all its incidents in any hour.'),
    })
    .describe('How much it may write. The platform has limits of its own; the lower ones count.'),
  circuit_breaker: CircuitBreaker.prefault({}).describe(
    'When the recorder stops to admit its writes, until persons reset it by a signed statement.',
  ),
  promotion: Promotion.prefault({}).describe('What a ring is earned by, beside the dry-run days.'),
  dry_run_days: z
    .number()
    .int()
    .min(14, 'expected 14 or more: shorten it by a signed waiver, not here')
    .max(365)
    .describe('Days from the first rehearsed incident until a promotion. A signed waiver with an end can shorten it.'),
  playbook: z
    .array(PlaybookRow)
    .min(1)
    .max(64)
    .describe('An ordered decision table over typed evidence: the first row that applies decides.'),
  recovery: z
    .strictObject({
      reads: z.array(PlaybookCall).min(1).max(4).describe('Made again at the end, to see whether it is over.'),
      healthy: Condition.describe('It is over when this holds. Only tests on entities of those reads.'),
      settleMsMax: ms(0, 600_000).describe(
        'How long to look: at once, then after pauses of 1, 2, 4 … up to 60 seconds.',
      ),
    })
    .describe('How the end of the incident is seen.'),
  escalation: z
    .strictObject({ page: text(200).min(1).describe('The name of a paging channel, or words for a person.') })
    .describe('Who is told when it needs somebody.'),
});
export type Runbook = z.infer<typeof Runbook>;

export const RunbookRef = z.strictObject({ id: Name, digest: Sha256 });
export type RunbookRef = z.infer<typeof RunbookRef>;
