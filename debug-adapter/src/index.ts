/** What other packages may use: no VS Code and no Debug Adapter Protocol in here. */
export * from './views/protocol';
