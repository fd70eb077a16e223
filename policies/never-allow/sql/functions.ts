/**
 * What a call of a function in an expression may do. `write`: it changes something. `drop`: its own name says that it
 * drops. `runs`: it takes SQL text and runs it; `texts` are the places of that text, null when it cannot be told.
 */
export type FunctionEffect =
  | { readonly kind: 'read' | 'write' | 'drop' }
  | { readonly kind: 'runs'; readonly texts: readonly number[] | null };

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Functions of Postgres and of the extensions in its own tree that change something, or signal or configure a session. */
const writing = words(`
  nextval setval set_config pg_notify pg_nextoid pg_export_snapshot
  lo_creat lo_create lo_export lo_from_bytea lo_import lo_open lo_put lo_truncate lo_truncate64 lo_unlink lo_manage lowrite
  pg_advisory_lock pg_advisory_lock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_lock
  pg_try_advisory_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared pg_advisory_unlock
  pg_advisory_unlock_shared pg_advisory_unlock_all
  pg_cancel_backend pg_terminate_backend pg_reload_conf pg_rotate_logfile pg_rotate_logfile_old pg_promote
  pg_log_backend_memory_contexts pg_log_standby_snapshot pg_wal_replay_pause pg_wal_replay_resume pg_switch_wal
  pg_switch_xlog pg_create_restore_point pg_backup_start pg_backup_stop pg_start_backup pg_stop_backup
  pg_create_logical_replication_slot pg_create_physical_replication_slot pg_copy_logical_replication_slot
  pg_copy_physical_replication_slot pg_drop_replication_slot pg_replication_slot_advance pg_sync_replication_slots
  pg_logical_emit_message pg_logical_slot_get_changes pg_logical_slot_get_binary_changes
  pg_replication_origin_advance pg_replication_origin_create pg_replication_origin_drop
  pg_replication_origin_session_reset pg_replication_origin_session_setup pg_replication_origin_xact_reset
  pg_replication_origin_xact_setup
  pg_stat_force_next_flush pg_clear_attribute_stats pg_clear_relation_stats pg_restore_attribute_stats
  pg_restore_relation_stats pg_import_system_collations pg_extension_config_dump pg_stop_making_pinned_objects
  brin_desummarize_range brin_summarize_new_values brin_summarize_range gin_clean_pending_list
  pg_file_write pg_file_unlink pg_file_rename pg_file_sync pg_truncate_visibility_map heap_force_kill heap_force_freeze
  pg_buffercache_evict pg_buffercache_evict_relation pg_buffercache_evict_all autoprewarm_start_worker
  autoprewarm_dump_now dblink_connect dblink_connect_u dblink_disconnect dblink_cancel_query postgres_fdw_disconnect
  postgres_fdw_disconnect_all
`);

/** Where each takes the SQL that it runs. `null`: it builds SQL out of its arguments, and no argument alone is that text. */
const running: ReadonlyMap<string, readonly number[] | null> = new Map([
  ['query_to_xml', [0]],
  ['query_to_xmlschema', [0]],
  ['query_to_xml_and_xmlschema', [0]],
  ['ts_stat', [0]],
  ['crosstab', [0, 1]],
  ['crosstab2', [0]],
  ['crosstab3', [0]],
  ['crosstab4', [0]],
  ['crosstabn', [0]],
  ['pg_background_launch', [0]],
  ['connectby', null],
  ['xpath_table', null],
]);
/** Their text is the last argument, but for a flag: the name of a connection and of a cursor may come before it. */
const remote = words('dblink dblink_exec dblink_open dblink_send_query');

/** Names that Postgres keeps for what it ships: all that change something are listed above. */
const shipped = /^(pg|dblink|fmgr)_/;
/** A function that Postgres does not ship is a read unless its own name says otherwise. */
const saysDrop = /^drop/;
const saysRun = /(^|_)(exec|execute|eval|ddl|sql|cron|schedule|query_export|run_command)(_|$)/;
const saysWrite =
  /^(delete|remove|truncate|purge|destroy|kill|terminate|insert|update|upsert|create|alter|grant|revoke|cleanup|run|reset|import|invoke|undistribute)_/;

/** An argument of a call: its value where it is a constant text or truth value, `null` for anything else. */
export type Argument = string | boolean | null;

/**
 * What a call does, by its name and its arguments. The name of a user's own function says nothing certain: what such a
 * function does is out of reach, and only a name that says a change is taken at its word.
 */
export function effectOf(names: readonly string[], args: readonly Argument[]): FunctionEffect {
  const name = (names.at(-1) ?? '').toLowerCase();
  if (remote.has(name)) return { kind: 'runs', texts: [args.findLastIndex((arg) => typeof arg !== 'boolean')] };
  const texts = running.get(name);
  if (texts !== undefined) return { kind: 'runs', texts: texts?.filter((at) => at === 0 || at < args.length) ?? null };
  if (name === 'ts_rewrite') return args.length === 2 ? { kind: 'runs', texts: [1] } : { kind: 'read' };
  if (writing.has(name) || /^binary_upgrade_|^pg_stat(?!_get)\w*_reset/.test(name)) return { kind: 'write' };
  if (shipped.test(name)) return { kind: 'read' };
  if (saysDrop.test(name)) return { kind: 'drop' };
  if (names.some((part) => saysRun.test(part.toLowerCase()))) return { kind: 'runs', texts: null };
  return { kind: saysWrite.test(name) ? 'write' : 'read' };
}
