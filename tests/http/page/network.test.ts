/** Tests for src/http/page/logic/network.ts. */
import { expect, test } from "bun:test";
import { networkNotice } from "../../../src/http/page/logic/network.ts";

test("page: the banner counts the changes that are held", () => {
  expect(networkNotice({ blind: true, held: 1_234 })).toBe(
    "Network blind: this server is probably cut off from its network. 1,234 changes to unhealthy held.",
  );
  expect(networkNotice({ blind: false, held: 1 })).toBe(
    "Network in doubt: 1 change to unhealthy held until another backend answers.",
  );
});
