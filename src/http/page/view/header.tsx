/** The head of the page: what this is, and whether it is live. */
import type { Connection } from "../data/connection.ts";

/** Header of the page: its name, and whether updates are live. */
export function Header({
  version,
  connection,
}: {
  readonly version: string;
  readonly connection: Connection;
}) {
  return (
    <header class="header">
      <p class="brand">
        <a href="#/">healthcheck-server</a>
        {version !== "" && <span class="version">{version}</span>}
      </p>
      <p class={`connection connection-${connection.kind}`}>
        <span class="connection-dot" />
        {connection.label}
      </p>
    </header>
  );
}

/** Notice that the operator must read first. */
export function Banner({ connection }: { readonly connection: Connection }) {
  return (
    // The region is always there: one that comes with its text is not read out everywhere.
    <div role="alert" class="banner-slot">
      {connection.notice !== undefined && (
        <p class={`banner banner-${connection.kind}`}>{connection.notice}</p>
      )}
    </div>
  );
}
