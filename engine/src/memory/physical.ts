/** placeholder */
export class PhysicalMemory {}
