/** The check types of the server, which writes them into the page (src/http/page-files.ts). */

/** The names, in the order of the type filter. */
export const CHECK_TYPES: readonly string[] = (document.documentElement.dataset["checkTypes"] ?? "")
  .split(" ")
  .filter((name) => name !== "");
