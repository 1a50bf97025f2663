export * from './api';
export { assemble } from './assemble';
export { assembleDraft } from './draft';
export * from './editor';
export * from './lab';
