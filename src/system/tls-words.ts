/** What TLS libraries say of a connection, in words that a person on call reads at a glance. */

/** `error:1000045c:SSL routines:OPENSSL_internal:TLSV1_ALERT_CERTIFICATE_REQUIRED` */
const LIBRARY = /^error:[0-9a-f]+:[^:]*:[^:]*:(?:(SSLV3|TLSV1)_ALERT_)?([A-Z0-9_]+)$/i;

/**
 * @param message - an error's, of the runtime's TLS library or of the judgement on a certificate
 * @returns `alert from the peer: certificate required`, `wrong version number`; what is in words already stays
 */
export function tlsWords(message: string): string {
  const [, alert, reason] = LIBRARY.exec(message) ?? [];
  if (reason === undefined) return message;
  const words = reason.toLowerCase().replaceAll("_", " ");
  return alert === undefined ? words : `alert from the peer: ${words}`;
}
