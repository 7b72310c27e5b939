/** The head of the page: what this is, and whether it is live. */
import type { NetworkFault } from "../../api.ts";
import type { Connection } from "../data/connection.ts";
import { networkNotice } from "../logic/network.ts";

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

/** Notices that the operator must read first. */
export function Banner({
  connection,
  network,
}: {
  readonly connection: Connection;
  readonly network: NetworkFault | undefined;
}) {
  // An outdated banner would not be true now.
  const isShown = connection.notice === undefined && network !== undefined;
  return (
    // The region is always there: one that comes with its text is not read out everywhere.
    <div role="alert" class="banner-slot">
      {connection.notice !== undefined && (
        <p class={`banner banner-${connection.kind}`}>{connection.notice}</p>
      )}
      {isShown && <p class="banner banner-failing">{networkNotice(network)}</p>}
    </div>
  );
}
