export type { System, TypedAction } from '../../contracts/typed-action.ts';
