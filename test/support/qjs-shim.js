// What uvu and test code expect of a JavaScript engine and QuickJS does not have.
// biome-ignore lint/style/useNodejsImportProtocol: QuickJS's module, not Node's
import * as os from 'os';

globalThis.setTimeout ??= os.setTimeout;
globalThis.clearTimeout ??= (timer) => timer && os.clearTimeout(timer);
globalThis.process ??= { env: {}, argv: [] };
