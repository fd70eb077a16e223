-- Takes from PUBLIC, in this database, the functions that change something from inside a READ ONLY SELECT. Postgres has
-- no way to refuse them to one role alone. Run it as a superuser, after roles.sql and again after installing dblink. Where
-- an application needs one of them, grant it back to its role (pg_dump calls set_config). The parser refuses all of them
-- to the query tool with or without this file.

REVOKE EXECUTE ON FUNCTION pg_catalog.pg_terminate_backend(integer, bigint) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_cancel_backend(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_terminate_backend(integer, bigint) TO holdpoint_terminate, holdpoint_minter;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_cancel_backend(integer) TO holdpoint_cancel;

REVOKE EXECUTE ON FUNCTION pg_catalog.pg_notify(text, text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC;

DO $$
DECLARE
  routine regprocedure;
BEGIN
  FOR routine IN
    SELECT oid::regprocedure FROM pg_catalog.pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace
      AND (proname ~ '^pg_(try_)?advisory_' OR proname = 'pg_logical_emit_message' OR proname ~ '^(lo_|loread|lowrite)')
    UNION ALL
    -- A session that dblink opens is in no READ ONLY transaction.
    SELECT member.objid::regprocedure FROM pg_catalog.pg_depend AS member
    JOIN pg_catalog.pg_extension AS extension ON member.refobjid = extension.oid
    WHERE extension.extname = 'dblink' AND member.deptype = 'e'
      AND member.refclassid = 'pg_extension'::regclass AND member.classid = 'pg_proc'::regclass
  LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', routine);
  END LOOP;
END
$$;
