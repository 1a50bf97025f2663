export * from './api';
export { assemble, assembleInSteps } from './assemble';
export { assembleDraft, draftInSteps } from './draft';
export * from './editor';
export * from './lab';
export { allSteps } from './steps';
