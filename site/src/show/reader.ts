export class Reader { offer(_reply: string): void {} }
