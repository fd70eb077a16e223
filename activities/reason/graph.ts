import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { fencePrompt } from './prompt.ts';
import type { Draft, Turn } from './turn.ts';
import type { Validated } from './validate-draft.ts';
import { validateDraft } from './validate-draft.ts';

export type Attempt = { readonly draft: Draft; readonly validated: Validated };
export type Reasoned = { readonly turn: Turn; readonly attempts: readonly Attempt[]; readonly chosen: Attempt };
export type Material = Omit<Turn, 'prompt' | 'findings' | 'complaints'> & { readonly marker: string };

/** Whoever answers for the model, once for each attempt. */
export type Drafting = (turn: Turn) => Promise<Draft>;

const State = Annotation.Root({
  drafting: Annotation<Drafting>,
  material: Annotation<Material>,
  turn: Annotation<Turn>,
  drafts: Annotation<readonly Draft[]>({ reducer: (old, more) => [...old, ...more], default: () => [] }),
  attempts: Annotation<readonly Attempt[]>({ reducer: (old, more) => [...old, ...more], default: () => [] }),
  chosen: Annotation<Attempt | null>({ reducer: (_old, one) => one, default: () => null }),
});
type GraphState = typeof State.State;

/** One draft and one repair. */
export const attemptsMax = 2;
const nodesMax = 10;

const structure = ({ material }: GraphState) => {
  const { marker, ...turn } = material;
  return { turn: { ...turn, ...fencePrompt({ marker, ...turn }), complaints: [] } };
};
const validate = ({ drafts, turn }: GraphState) => {
  const draft = drafts.at(-1);
  if (draft === undefined) return {};
  const { said, fault } = draft;
  const validated =
    fault === undefined ? validateDraft(said, turn) : { calls: [], conclusion: null, issues: [fault.reason] };
  return { attempts: [{ draft, validated }] };
};
/** A playbook that is blocked has no more to say the second time, and a model that did not answer is not asked again. */
const isLast = ({ draft, validated }: Attempt): boolean =>
  draft.blocked !== undefined ||
  (draft.fault !== undefined && draft.fault.code !== 'PROPOSAL_INVALID') ||
  validated.issues.length === 0;
const says = ({ validated }: Attempt): boolean => validated.calls.length > 0 || validated.conclusion !== null;

/** The second attempt is the last: what of it is valid stands, else what of the first was. */
const emit = ({ attempts }: GraphState) => ({ chosen: attempts.findLast(says) ?? attempts.at(-1) ?? null });
const afterValidation = ({ attempts }: GraphState): 'repair' | 'emit' => {
  const last = attempts.at(-1);
  return last === undefined || isLast(last) || attempts.length >= attemptsMax ? 'emit' : 'repair';
};

/** The same five nodes for every model. No interrupt, no checkpointer, no effect: a turn is run again as a whole. */
export function createGraph() {
  const draft = async ({ drafting, turn }: GraphState) => ({ drafts: [await drafting(turn)] });
  const repair = async ({ drafting, turn, attempts }: GraphState) => {
    const complaints = attempts.at(-1)?.validated.issues ?? [];
    return { drafts: [await drafting({ ...turn, complaints })] };
  };
  const graph = new StateGraph(State)
    .addNode('structure', structure)
    .addNode('first', draft)
    .addNode('validate', validate)
    .addNode('repair', repair)
    .addNode('emit', emit)
    .addEdge(START, 'structure')
    .addEdge('structure', 'first')
    .addEdge('first', 'validate')
    .addConditionalEdges('validate', afterValidation, ['repair', 'emit'])
    .addEdge('repair', 'validate')
    .addEdge('emit', END)
    .compile();
  return async (material: Material, drafting: Drafting): Promise<Reasoned> => {
    const { turn, attempts, chosen } = await graph.invoke({ material, drafting }, { recursionLimit: nodesMax });
    if (chosen === null) throw new TypeError('expected the graph to draft');
    return { turn, attempts, chosen };
  };
}
