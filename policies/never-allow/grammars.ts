import { allPrograms } from './programs/all.ts';
import type { Grammars } from './shell/findings.ts';
import { readPsqlScript } from './sql/psql-script.ts';
import { readSql } from './sql-actions.ts';

/** What command text is read with. SQL needs `loadSqlParser` to have resolved, and is unknown until then. */
export const grammars: Grammars = {
  programs: allPrograms,
  readSql: (text) => readSql(text),
  readSqlScript: readPsqlScript,
};
