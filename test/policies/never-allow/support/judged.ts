import { judgeCommand } from '../../../../policies/never-allow/judge-command.ts';

/** A table: each entry is a command text, and what the verdict's rule begins with. */
export type Table = readonly (readonly [text: string, rule: string])[];

export const ruleOf = (text: string): string => judgeCommand(text).rule;

/** What is forbidden in each text of the tables: the rule of the floor for a deleted Deployment. */
export const forbidden = 'floor.kubernetes-delete-deployment';
export const harmless = 'read.only';
