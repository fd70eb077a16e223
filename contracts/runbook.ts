import { z } from 'zod';
import { Name, Sha256, text } from './values.ts';

const ToolName = z.string().regex(/^[a-z][a-z0-9]*\.[a-z][A-Za-z0-9]*$/, 'expected a tool name like postgres.activity');
/** A tool's name, or a command or statement in an operator's words: `kubectl delete deploy`, `DROP TABLE`. */
const BoundaryEntry = z.string().min(1).max(200);
const Scalar = z.union([z.boolean(), z.number(), z.string().max(256), z.null()]);

/** A test on one attribute of an entity. Every test given must hold. */
export const AttributeTest = z
  .strictObject({
    eq: Scalar.optional(),
    gte: z.number().optional(),
    lte: z.number().optional(),
    in: z.array(Scalar).min(1).max(20).optional(),
  })
  .refine((test) => Object.keys(test).length > 0, 'expected at least one of eq, gte, lte, in');
export const EntityTest = z.strictObject({
  /** The read whose newest result is searched. */
  from: ToolName,
  kind: z.string().max(31),
  where: z.record(z.string().max(64), AttributeTest).default({}),
});

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
export const Condition: z.ZodType<Condition> = z.lazy(() =>
  z.union([
    z.strictObject({ missing: ToolName }),
    z.strictObject({ after: ToolName }),
    z.strictObject({ exactly: z.number().int().min(1).max(100), entity: EntityTest }),
    z.strictObject({ atLeast: z.number().int().min(1).max(100), entity: EntityTest }),
    z.strictObject({ none: EntityTest }),
    z.strictObject({ all: z.array(Condition).min(1).max(8) }),
  ]),
);

/** Literal arguments, plus `target: entity` for a write: the one entity that the row's `exactly: 1` test found. */
export const PlaybookCall = z.strictObject({
  tool: ToolName,
  args: z.record(z.string().max(64), Scalar).default({}),
  target: z.literal('entity').optional(),
  why: text(500),
});
export const PlaybookRow = z.strictObject({
  id: Name,
  when: Condition,
  do: z.union([
    z.strictObject({ calls: z.array(PlaybookCall).min(1).max(4) }),
    z.strictObject({ conclude: text(500) }),
  ]),
});
export type PlaybookRow = z.infer<typeof PlaybookRow>;

export const proofKinds = ['ssh'] as const;
export const ProofKind = z.enum(proofKinds);

const dayMs = 86_400_000;

/**
 * What a promotion is earned by, beside the dry-run days. A runbook may ask for more than these floors, never for less.
 * `accuracyMin` is compared with the Wilson lower bound of the graded accuracy, so that few grades prove little.
 */
const Promotion = z.strictObject({
  gradedMin: z.number().int().min(10, 'expected 10 or more: no runbook is promoted on fewer').max(1_000).default(20),
  accuracyMin: z.number().min(0.7, 'expected 0.7 or more: no runbook is promoted below').max(0.99).default(0.8),
});

/**
 * When the recorder stops to admit writes of the runbook until persons reset it: so many destructive writes in a window, so
 * many writes in a row of which none is known to have gone well, or more unexpected ends than the objective leaves room for.
 */
const CircuitBreaker = z.strictObject({
  destructive: z
    .strictObject({
      count: z.number().int().min(1).max(20).default(5),
      windowMs: z
        .number()
        .int()
        .min(600_000)
        .max(7 * dayMs)
        .default(3_600_000),
    })
    .prefault({}),
  consecutive: z.number().int().min(1).max(10).default(3),
  errorBudget: z
    .strictObject({
      /** The share of ends that should be as expected. */
      objective: z.number().min(0.5).max(0.999).default(0.9),
      windowMs: z
        .number()
        .int()
        .min(dayMs)
        .max(30 * dayMs)
        .default(7 * dayMs),
      /** With fewer ends than this in the window, the budget is that of so many. */
      eventsMin: z.number().int().min(5).max(100).default(30),
    })
    .prefault({}),
});
export type CircuitBreaker = z.infer<typeof CircuitBreaker>;

/**
 * A runbook: the trusted plan. Before any outside text is read it fixes which tools, on which targets, how often.
 * Its digest is the SHA-256 of the file's bytes: any change is another runbook, with a dry run of its own.
 */
export const Runbook = z.strictObject({
  v: z.literal(1),
  id: Name,
  title: text(120).min(1),
  owner: text(120).min(1),
  /** Labels that must be there with exactly these values, or one of them. */
  match: z
    .strictObject({
      source: z.array(Name).min(1).max(8).optional(),
      labels: z.record(z.string().min(1).max(256), z.union([text(256), z.array(text(256)).min(1).max(32)])),
    })
    .refine(
      ({ labels }) => Object.keys(labels).length > 0,
      'expected at least one label: a runbook that matches everything matches nothing',
    ),
  goal: text(1_000).min(1),
  tools: z
    .array(
      z.strictObject({
        tool: ToolName,
        scopes: z.strictObject({ databases: z.array(Name).min(1).max(32).optional() }),
        perIncidentMax: z.number().int().min(1).max(200),
      }),
    )
    .min(1)
    .max(32),
  action_boundary: z.strictObject({
    never_allow: z.array(BoundaryEntry).max(64).default([]),
    require_human: z.array(BoundaryEntry).max(64).default([]),
    auto_approve: z
      .array(BoundaryEntry)
      .max(0, 'expected none: auto-release is earned by a grant, never configured')
      .default([]),
  }),
  approvers: z.strictObject({
    groups: z.array(Name).min(1).max(8),
    quorum: z.number().int().min(1).max(5),
    expiryMs: z.number().int().min(30_000).max(86_400_000),
    proofs: z.strictObject({ low: z.array(ProofKind).min(1), high: z.array(ProofKind).min(1) }),
    self_approval: z.literal(false),
  }),
  identity: z.strictObject({ role: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/) }),
  limits: z.strictObject({
    writesPerIncidentMax: z.number().int().min(0).max(50),
    writesPerHourMax: z.number().int().min(0).max(100),
  }),
  circuit_breaker: CircuitBreaker.prefault({}),
  promotion: Promotion.prefault({}),
  dry_run_days: z.number().int().min(14, 'expected 14 or more: shorten it by a signed waiver, not here').max(365),
  playbook: z.array(PlaybookRow).min(1).max(64),
  recovery: z.strictObject({
    reads: z.array(PlaybookCall).min(1).max(4),
    healthy: Condition,
    settleMsMax: z.number().int().min(0).max(600_000),
  }),
  escalation: z.strictObject({ page: text(200).min(1) }),
});
export type Runbook = z.infer<typeof Runbook>;

export const RunbookRef = z.strictObject({ id: Name, digest: Sha256 });
export type RunbookRef = z.infer<typeof RunbookRef>;
