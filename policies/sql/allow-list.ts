/**
 * Everything that a read may name. A name that is missing here is refused: what this list forgets costs a query, and what
 * a deny-list forgets costs a database. To widen it, show that the name has no effect, reads no secret and no file,
 * waits for nothing, and cannot be made to run a text.
 */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Pure functions and statistics, called unqualified or through `pg_catalog`. None takes a text and runs it. */
export const functions = words(`
  count sum avg min max string_agg array_agg json_agg jsonb_agg bool_and bool_or every stddev variance
  percentile_cont percentile_disc mode
  row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
  now clock_timestamp statement_timestamp transaction_timestamp date_trunc date_part date_bin extract age to_char
  to_timestamp to_date make_interval justify_hours justify_days justify_interval timezone isfinite
  lower upper initcap length char_length character_length octet_length left right substring substr btrim ltrim rtrim
  concat concat_ws position strpos replace split_part starts_with reverse md5 like_escape similar_to_escape to_number
  abs round ceil ceiling floor trunc mod sign sqrt
  array_length array_to_string cardinality json_typeof jsonb_typeof json_array_length jsonb_array_length
  pg_size_pretty pg_relation_size pg_table_size pg_indexes_size pg_total_relation_size pg_database_size
  pg_backend_pid pg_is_in_recovery pg_postmaster_start_time current_database version
`);

/** Built-in types whose input is pure. The `reg` types look names up, `xml` parses documents, a user's type runs its code. */
export const types = words(`
  bool int2 int4 int8 float4 float8 numeric money text varchar bpchar char name uuid bytea bit varbit oid
  date time timetz timestamp timestamptz interval json jsonb inet cidr macaddr pg_lsn
`);

/** Comparison, arithmetic, text and JSON operators, never schema-qualified. */
export const operators = new Set([
  ...['=', '<>', '!=', '<', '>', '<=', '>=', '+', '-', '*', '/', '%', '||', '~', '~*', '!~', '!~*'],
  ...['~~', '~~*', '!~~', '!~~*', '->', '->>', '#>', '#>>', '@>', '<@', '&&', '?', '?|', '?&'],
  ...['BETWEEN', 'NOT BETWEEN', 'BETWEEN SYMMETRIC', 'NOT BETWEEN SYMMETRIC'],
]);

/** Catalog relations without credentials, files, function bodies or sampled data. */
export const catalogRelations = words(`
  pg_stat_activity pg_stat_database pg_stat_user_tables pg_stat_all_tables pg_stat_user_indexes pg_stat_all_indexes
  pg_statio_user_tables pg_statio_user_indexes pg_stat_bgwriter pg_stat_checkpointer pg_stat_wal pg_stat_archiver
  pg_stat_progress_vacuum pg_stat_progress_create_index pg_stat_progress_analyze pg_locks pg_prepared_xacts
  pg_class pg_namespace pg_attribute pg_index pg_indexes pg_tables pg_type pg_database pg_constraint pg_am
`);

export const informationSchemaRelations = words('tables columns table_constraints key_column_usage');
