/** Environment variables that are meant for the runtime. */
import { expect, test } from "bun:test";
import { removeRuntimeVariables, runtimeVariables } from "../../src/system/runtime-variables.ts";

test("runtime variables: those without effect and those that the runtime obeys, by name", () => {
  const env = {
    PATH: "/bin",
    HEALTHCHECK_LOG: "info",
    NODE_OPTIONS: "",
    BUN_JSC_useJIT: "0",
    BUN_OPTIONS: "--smol",
    BUNDLE: "x",
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
  };
  expect(runtimeVariables(env)).toEqual([
    { name: "BUN_JSC_useJIT", obeyed: true },
    { name: "BUN_OPTIONS", obeyed: false },
    { name: "NODE_OPTIONS", obeyed: false },
    { name: "NODE_TLS_REJECT_UNAUTHORIZED", obeyed: false },
  ]);
});

test("runtime variables: what parts of the runtime would read later is removed, and nothing else", () => {
  const env = { PATH: "/bin", NODE_TLS_REJECT_UNAUTHORIZED: "0", BUN_INSPECT_NOTIFY: "unix:///x" };
  removeRuntimeVariables(env);
  expect(Object.keys(env)).toEqual(["PATH"]);
});
