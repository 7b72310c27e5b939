/**
 * A Unix socket that stays at its path while the server runs: peers find the server by its path only. Used by the control plane and by the
 * operators' control socket.
 */
import { placeSocket, removeSocket } from "./socket-placement.ts";
import { socketIdentity } from "./unix-socket.ts";

/** Outcome of a look at the socket. */
export type Keeping =
  /** It is in its place. */
  | { readonly outcome: "in place" }
  /** It was missing, and is open again. */
  | { readonly outcome: "opened" }
  /** It cannot be opened. `isNew`: for another reason than at the last look. */
  | { readonly outcome: "failed"; readonly error: string; readonly isNew: boolean };

/** Keeps a socket open. */
export class KeptSocket<Data> {
  readonly #path: string;
  readonly #mode: number;
  readonly #handler: Bun.SocketHandler<Data>;
  #listener: Bun.UnixSocketListener<Data> | undefined;
  #identity: string | undefined;
  /** Reason why the last attempt failed. */
  #error = "";

  /** @param mode - of the file @param handler - of its connections */
  constructor(path: string, mode: number, handler: Bun.SocketHandler<Data>) {
    this.#path = path;
    this.#mode = mode;
    this.#handler = handler;
  }

  /** True after {@link open}, until {@link close}. */
  get isOpen(): boolean {
    return this.#listener !== undefined;
  }

  /** True if the file at the path is this socket. */
  get isInPlace(): boolean {
    return this.#identity !== undefined && socketIdentity(this.#path) === this.#identity;
  }

  /** Places the socket at its path. @throws Error that names the step and the system's reason, if another file is in the way among others */
  open(): void {
    const lost = this.#listener;
    const { listener, identity } = placeSocket(this.#path, this.#mode, (unix) =>
      Bun.listen<Data>({ unix, socket: this.#handler }),
    );
    this.#listener = listener;
    this.#identity = identity;
    this.#error = "";
    // Its connections stay open.
    lost?.stop();
  }

  /** Opens the socket if it is not in its place. A file of another process there is left alone, and the next call tries again. */
  keep(): Keeping {
    if (this.isInPlace) return { outcome: "in place" };
    try {
      this.open();
      return { outcome: "opened" };
    } catch (cause) {
      const error = cause instanceof Error ? cause.message : String(cause);
      const isNew = error !== this.#error;
      this.#error = error;
      return { outcome: "failed", error, isNew };
    }
  }

  /** Closes the socket and removes its file, unless that is another one now. @param withConnections - true ends the connections, too */
  close(withConnections: boolean): void {
    if (this.#identity !== undefined) removeSocket(this.#path, this.#identity);
    this.#listener?.stop(withConnections);
    this.#listener = undefined;
    this.#identity = undefined;
  }
}
