import type { Cpu } from '../cpu/cpu';

/** Accesses by bigint addresses, made of those by halves: for rarer work. */
export abstract class BigintAccesses {
  /** Value of the last successful {@link load}, zero-extended, unsigned halves. */
  valueLo = 0;
  valueHi = 0;
  /** Splits bigints without arithmetic. */
  protected readonly split64 = new BigUint64Array(1);
  protected readonly split32 = new Uint32Array(this.split64.buffer);

  abstract load(cpu: Cpu, lo: number, hi: number, size: 1 | 2 | 4 | 8, how: number): boolean;
  abstract store(
    cpu: Cpu,
    lo: number,
    hi: number,
    size: 1 | 2 | 4 | 8,
    how: number,
    valueLo: number,
    valueHi: number,
  ): boolean;
  abstract fetch(cpu: Cpu, lo: number, high: number): number;

  fetchAddress(cpu: Cpu, linear: bigint): number | undefined {
    this.split64[0] = linear;
    const address = this.fetch(cpu, this.split32[0], this.split32[1]);
    return address < 0 ? undefined : address;
  }

  read8(cpu: Cpu, linear: bigint, how = 0): number | undefined {
    return this.loadAt(cpu, linear, 1, how) ? this.valueLo : undefined;
  }

  read16(cpu: Cpu, linear: bigint, how = 0): number | undefined {
    return this.loadAt(cpu, linear, 2, how) ? this.valueLo : undefined;
  }

  read32(cpu: Cpu, linear: bigint, how = 0): number | undefined {
    return this.loadAt(cpu, linear, 4, how) ? this.valueLo : undefined;
  }

  read64(cpu: Cpu, linear: bigint, how = 0): bigint | undefined {
    if (!this.loadAt(cpu, linear, 8, how)) return undefined;
    this.split32[0] = this.valueLo;
    this.split32[1] = this.valueHi;
    return this.split64[0];
  }

  write8(cpu: Cpu, linear: bigint, value: number, how = 0): boolean {
    return this.storeAt(cpu, linear, 1, value, 0, how);
  }

  write16(cpu: Cpu, linear: bigint, value: number, how = 0): boolean {
    return this.storeAt(cpu, linear, 2, value, 0, how);
  }

  write32(cpu: Cpu, linear: bigint, value: number, how = 0): boolean {
    return this.storeAt(cpu, linear, 4, value, 0, how);
  }

  write64(cpu: Cpu, linear: bigint, value: bigint, how = 0): boolean {
    this.split64[0] = value;
    return this.storeAt(cpu, linear, 8, this.split32[0], this.split32[1], how);
  }

  private loadAt(cpu: Cpu, linear: bigint, size: 1 | 2 | 4 | 8, how: number): boolean {
    this.split64[0] = linear;
    return this.load(cpu, this.split32[0], this.split32[1], size, how);
  }

  private storeAt(
    cpu: Cpu,
    linear: bigint,
    size: 1 | 2 | 4 | 8,
    valueLo: number,
    valueHi: number,
    how: number,
  ): boolean {
    this.split64[0] = linear;
    return this.store(cpu, this.split32[0], this.split32[1], size, how, valueLo, valueHi);
  }
}
