/** The version of package.json; esbuild puts it in. */
declare const __VERSION__: string;
