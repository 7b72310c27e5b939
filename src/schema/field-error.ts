/** The error of a field that is valid alone and contradicts another field. */

/** A contradiction between fields, reported at one of them. */
export class FieldError extends Error {
  override readonly name = "FieldError";

  /**
   * @param field - the name of the field to report
   * @param message - `problem; must be RULE`
   */
  constructor(
    readonly field: string,
    message: string,
  ) {
    super(message);
  }
}
