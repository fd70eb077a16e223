/** What an action is done to. `host`: the machine that the command runs on. `tool`: a typed tool, called by its name. */
export type System =
  | 'kubernetes'
  | 'helm'
  | 'terraform'
  | 'sql'
  | 's3'
  | 'aws'
  | 'gcloud'
  | 'azure'
  | 'docker'
  | 'systemd'
  | 'storage'
  | 'host'
  | 'tool';

/**
 * One action that a command, a statement or a tool call comes to, in the vocabulary that the floor and a runbook's
 * never_allow list are written in. `verb` and `object` are lower case and canonical, whatever the spelling: `deploy`,
 * `deployments.v1.apps` and `Deployment` are all `deployment`; `object` is '' where the verb has none and '*' where it may
 * be anything. `modifiers` are the facts that change what it means (`recursive`, `force`, `all`, `cascade`, `destroy`,
 * `prune`, `dry-run`), never raw flags. `names` are the literal targets, for people to read: no rule decides by them, but
 * for the name of a function that SQL calls, which says what is done.
 */
export type TypedAction = {
  readonly system: System;
  readonly verb: string;
  readonly object: string;
  readonly names: readonly string[];
  readonly modifiers: readonly string[];
  readonly effect: 'read' | 'write';
};
