export * from './api';
export { assemble } from './assemble';
export * from './editor';
export * from './lab';
