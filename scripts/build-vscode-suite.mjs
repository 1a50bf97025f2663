// Bundles the extension's programs and the end-to-end suite that runs inside VS Code.
import { build } from './build.mjs';
import { bundle } from './bundle.mjs';

await build();
await bundle({ index: 'test/vscode/suite/index.ts' }, process.argv[2]);
