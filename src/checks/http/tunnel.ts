/**
 * The CONNECT request to a proxy and the meaning of its answer (RFC 9110, 9.3.6), sans-I/O. Any 2xx status opens the tunnel, and the tunnel's bytes
 * begin right after that head.
 */
import type { Secrets } from "../../redaction/secrets.ts";
import { failed, type TunnelConversation, type Verdict } from "../conversation.ts";
import { FinalHeadReader } from "./final-head.ts";
import { shownError, shownStatus } from "./status.ts";

/** One CONNECT request and its answer. */
export class ConnectConversation implements TunnelConversation {
  takenBytes = 0;
  readonly #answer = new FinalHeadReader(true);
  readonly #secrets: Secrets;

  /** @param secrets - hidden where the answer repeats them */
  constructor(
    readonly request: Uint8Array,
    secrets: Secrets,
  ) {
    this.#secrets = secrets;
  }

  get statusCode(): number | undefined {
    return this.#answer.head?.statusCode;
  }

  received(bytes: Uint8Array): Verdict | undefined {
    this.takenBytes = this.#answer.read(bytes);
    const { head, error } = this.#answer;
    if (error !== undefined) return failed("L7RSP", shownError(error, this.#secrets));
    if (head === undefined) return undefined;
    const status = `status ${shownStatus(head, this.#secrets)}`;
    const isOpen = head.statusCode >= 200 && head.statusCode < 300;
    return isOpen ? { ok: true, message: status } : failed("L7STS", `${status}, expected 2xx`);
  }

  closed(): Verdict {
    return failed(
      "L7RSP",
      this.#answer.bytes === 0
        ? "closed by peer without an answer"
        : "closed by peer before the end of the headers",
    );
  }

  progress(): string {
    return this.#answer.bytes === 0 ? "" : `${this.#answer.bytes} bytes of the headers`;
  }
}
