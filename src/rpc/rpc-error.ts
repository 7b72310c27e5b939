/** The error of a reply that does not fit its call, or of a connection that ends before it. The connection is then useless. */

/** A reply that is not what net/rpc answers. */
export class RpcError extends Error {
  override readonly name = "RpcError";
}
