/** Bundles the status page while the executable is built: page-files.ts calls this as a macro, which runs at build time. */

/**
 * Bundles one entry point of src/http/page/.
 *
 * @param file - its name
 * @returns the text, dependencies included
 * @throws Error when it cannot be bundled
 */
export function bundle(file: string): string {
  const entry = `${import.meta.dir}/page/${file}`;
  const command = [
    process.execPath,
    "build",
    "--target=browser",
    "--minify",
    '--define=process.env.NODE_ENV="production"',
    entry,
  ];
  const built = Bun.spawnSync(command, { stderr: "inherit" });
  if (!built.success) throw new Error(`cannot bundle ${entry}`);
  return built.stdout.toString();
}
