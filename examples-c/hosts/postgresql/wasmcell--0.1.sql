\echo Use "CREATE EXTENSION wasmcell" to load this file. \quit

-- A component is a file in wasmcell.directory; the names say what comes back. Integers go to
-- parameters of type s64, double precision to f64, text to string, bytea to list<u8>, and
-- boolean to bool. NULL among the arguments makes NULL.
CREATE FUNCTION wasm_call(component text, function text, VARIADIC args "any") RETURNS text
    AS 'MODULE_PATHNAME', 'wasm_call' LANGUAGE C STRICT PARALLEL SAFE COST 1000;

CREATE FUNCTION wasm_call_int(component text, function text, VARIADIC args "any") RETURNS bigint
    AS 'MODULE_PATHNAME', 'wasm_call' LANGUAGE C STRICT PARALLEL SAFE COST 1000;

CREATE FUNCTION wasm_call_float(component text, function text, VARIADIC args "any")
    RETURNS double precision
    AS 'MODULE_PATHNAME', 'wasm_call' LANGUAGE C STRICT PARALLEL SAFE COST 1000;

CREATE FUNCTION wasm_call_bytea(component text, function text, VARIADIC args "any") RETURNS bytea
    AS 'MODULE_PATHNAME', 'wasm_call' LANGUAGE C STRICT PARALLEL SAFE COST 1000;

REVOKE ALL ON FUNCTION wasm_call, wasm_call_int, wasm_call_float, wasm_call_bytea FROM PUBLIC;
