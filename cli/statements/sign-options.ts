import type { Command } from 'commander';

/** The arguments and options that every signing of a hold shares. */
export const withSignOptions = (command: Command): Command =>
  command
    .argument('<workflow-id>', 'the incident')
    .argument('<digest>', 'the held action, whole: 64 hex digits')
    .option('--reason <text>', 'why, for the record')
    .option('--key <file>', 'your SSH private key, or the public one when an agent holds the private')
    .option('--person <id>', 'who you are in the approver directory')
    .option('-y, --yes', 'do not ask: you have read the card');
