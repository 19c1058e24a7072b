//! Random verified modules, the same for a seed on every machine.
//!
//! Programs are made to run: loops usually end, addresses are usually inside the memory, calls only go to functions with a
//! greater index. What remains (traps, endless loops, growing memory) is wanted.

use nda_lang::access::{LoadOp, StoreOp};
use nda_lang::build::{Expr, FunctionBuilder, FunctionId, Local, ModuleBuilder};
use nda_lang::numeric::NumOp;
use nda_lang::{Module, Op, Shim, Type, Value};

/// A small deterministic random number generator (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// A value that likes corner cases.
    pub fn value(&mut self, ty: Type) -> Value {
        const INTEGERS: [i64; 14] = [
            0,
            1,
            -1,
            2,
            7,
            31,
            32,
            63,
            64,
            255,
            65_535,
            i32::MIN as i64,
            i64::MIN,
            i64::MAX,
        ];
        const FLOATS: [f64; 16] = [
            0.0,
            -0.0,
            0.5,
            -0.5,
            1.5,
            2.5,
            -2.5,
            1e10,
            -3e9,
            2_147_483_648.0,
            -2_147_483_649.0,
            9.3e18,
            1e300,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
        ];
        let wild = self.one_in(4);
        match ty {
            Type::I32 if wild => Value::I32(self.next() as i32),
            Type::I32 => Value::I32(self.pick(&INTEGERS) as i32),
            Type::I64 if wild => Value::I64(self.next() as i64),
            Type::I64 => Value::I64(self.pick(&INTEGERS)),
            Type::F32 if wild => Value::F32(f32::from_bits(self.next() as u32)),
            Type::F32 => Value::F32(self.pick(&FLOATS) as f32),
            _ if wild => Value::F64(f64::from_bits(self.next())),
            _ => Value::F64(self.pick(&FLOATS)),
        }
    }
}

const TYPES: [Type; 4] = [Type::I32, Type::I64, Type::F32, Type::F64];

/// A random module that verifies and exports its functions as `f0`, `f1`, …
pub fn module(seed: u64) -> Module {
    let mut random = Random::new(seed);
    let m = ModuleBuilder::new();
    m.memory(1, 1 + random.below(2) as u32);
    m.data(random.below(60_000) as u32, b"some bytes to begin with");
    Shim::ALL.iter().for_each(|shim| m.uses(*shim));
    let count = 1 + random.below(4);
    let functions: Vec<FunctionId> = (0..count)
        .map(|index| {
            let params: Vec<Type> = (0..random.below(9)).map(|_| random.pick(&TYPES)).collect();
            let result = (index == 0 || !random.one_in(3)).then(|| random.pick(&TYPES));
            m.declare(&params, result)
        })
        .collect();
    for (index, id) in functions.iter().enumerate() {
        let f = m.define(*id);
        let signature = m.signature(*id).unwrap();
        let mut locals: Vec<Local> = (0..signature.params.len())
            .map(|n| f.param(n as u32))
            .collect();
        // One local of each type, so that every type has one, and some more.
        TYPES.iter().for_each(|ty| locals.push(f.local(*ty)));
        for _ in 0..random.below(4) {
            locals.push(f.local(random.pick(&TYPES)));
        }
        let depth = 3 + random.below(4) as u32;
        let mut generator = Generator {
            m: &m,
            f: &f,
            callees: &functions[index + 1..],
            locals,
            result: signature.result(),
            labels: Vec::new(),
            budget: 120,
            random: &mut random,
        };
        let mut body: Vec<Expr> = (0..3).map(|_| generator.statement(depth)).collect();
        if let Some(ty) = signature.result() {
            body.push(generator.expr(ty, depth));
        }
        let body = f.seq(body);
        f.finish(body);
        m.export(&format!("f{index}"), *id);
    }
    m.finish().unwrap()
}

struct Generator<'g, 'm> {
    m: &'m ModuleBuilder,
    f: &'g FunctionBuilder<'m>,
    callees: &'g [FunctionId],
    locals: Vec<Local<'m>>,
    result: Option<Type>,
    /// For each enclosing scope or loop whether it is a loop.
    labels: Vec<bool>,
    /// Nodes still to spend.
    budget: u32,
    random: &'g mut Random,
}

impl<'m> Generator<'_, 'm> {
    fn local(&mut self, ty: Type) -> Local<'m> {
        let fitting: Vec<Local> = self
            .locals
            .iter()
            .copied()
            .filter(|l| l.ty() == ty)
            .collect();
        self.random.pick(&fitting)
    }

    fn leaf(&mut self, ty: Type) -> Expr<'m> {
        if self.random.one_in(2) {
            self.local(ty).get()
        } else {
            let value = self.random.value(ty);
            self.f.constant(value)
        }
    }

    fn spend(&mut self) -> bool {
        self.budget = self.budget.saturating_sub(1);
        self.budget == 0
    }

    fn expr(&mut self, ty: Type, depth: u32) -> Expr<'m> {
        if depth == 0 || self.spend() {
            return self.leaf(ty);
        }
        let d = depth - 1;
        match self.random.below(16) {
            0 | 1 => self.leaf(ty),
            2 => {
                let (a, b) = (self.expr(ty, d), self.expr(ty, d));
                let condition = self.expr(Type::I32, d);
                self.f.select(a, b, condition)
            }
            3 => {
                let condition = self.expr(Type::I32, d);
                let then = self.arm(ty, d);
                let otherwise = self.expr(ty, d);
                self.f.if_else(condition, then, otherwise)
            }
            4 => {
                let first = self.statement(d);
                // A statement that never ends would make the whole sequence one that gives no value.
                if first.ty() == nda_lang::Ty::Never {
                    return self.leaf(ty);
                }
                let value = self.expr(ty, d);
                self.f.seq([first, value])
            }
            5 | 6 => {
                let ops: Vec<LoadOp> = LoadOp::ALL
                    .iter()
                    .copied()
                    .filter(|op| op.ty() == ty)
                    .collect();
                let op = self.random.pick(&ops);
                let (address, offset) = self.address(d);
                self.f.load(op, offset, address)
            }
            7 => match self.call(Some(ty), d) {
                Some(call) => call,
                None => self.leaf(ty),
            },
            8 if ty == Type::I32 => match self.random.below(3) {
                0 => self.f.node(Op::MemorySize, []),
                1 => {
                    let pages = self.f.i32(self.random.below(3) as i32);
                    self.f.node(Op::MemoryGrow, [pages])
                }
                _ => self.f.shim(Shim::ScreenWidth, []),
            },
            _ => {
                let ops: Vec<NumOp> = NumOp::ALL
                    .iter()
                    .copied()
                    .filter(|op| op.result() == ty)
                    .collect();
                let op = self.random.pick(&ops);
                let operands: Vec<Expr> = op
                    .params()
                    .iter()
                    .map(|param| self.expr(*param, d))
                    .collect();
                self.f.node(Op::Num(op), operands)
            }
        }
    }

    /// An arm that gives a value, or leaves.
    fn arm(&mut self, ty: Type, depth: u32) -> Expr<'m> {
        if self.random.one_in(6) {
            self.leave(depth)
        } else {
            self.expr(ty, depth)
        }
    }

    fn address(&mut self, depth: u32) -> (Expr<'m>, u32) {
        let any = self.expr(Type::I32, depth);
        if self.random.one_in(12) {
            return (any, self.random.next() as u32 >> self.random.below(32));
        }
        let inside = any.bit_and(self.f.i32(0xfff8));
        (inside, self.random.below(8) as u32)
    }

    fn call(&mut self, result: Option<Type>, depth: u32) -> Option<Expr<'m>> {
        let fitting: Vec<FunctionId> = (self.callees.iter().copied())
            .filter(|id| self.m.signature(*id).unwrap().result() == result)
            .collect();
        if fitting.is_empty() {
            return None;
        }
        let callee = self.random.pick(&fitting);
        let params = self.m.signature(callee).unwrap().params;
        let args: Vec<Expr> = params.iter().map(|ty| self.expr(*ty, depth)).collect();
        Some(self.f.call(callee, args))
    }

    /// A node that never ends normally.
    fn leave(&mut self, depth: u32) -> Expr<'m> {
        let innermost = |n: usize| self.labels.len() - 1 - n;
        if !self.labels.is_empty() && !self.random.one_in(4) {
            let n = self.random.below(self.labels.len());
            return if self.labels[innermost(n)] && self.random.one_in(3) {
                self.f.continue_(n as u32)
            } else {
                self.f.break_(n as u32)
            };
        }
        if self.random.one_in(8) {
            return self.f.unreachable();
        }
        let value = self.result.map(|ty| self.expr(ty, depth));
        self.f.return_(value)
    }

    fn nested(&mut self, is_loop: bool, depth: u32) -> Expr<'m> {
        self.labels.push(is_loop);
        let body = self.block(depth);
        self.labels.pop();
        body
    }

    fn block(&mut self, depth: u32) -> Expr<'m> {
        let count = self.random.below(4);
        let children: Vec<Expr> = (0..count).map(|_| self.statement(depth)).collect();
        self.f.seq(children)
    }

    fn statement(&mut self, depth: u32) -> Expr<'m> {
        if depth == 0 || self.spend() {
            return self.f.seq([]);
        }
        let d = depth - 1;
        match self.random.below(18) {
            0..=3 => {
                let ty = self.random.pick(&TYPES);
                let value = self.expr(ty, d);
                self.local(ty).set(value)
            }
            4..=6 => {
                let op = self.random.pick(StoreOp::ALL);
                let (address, offset) = self.address(d);
                let value = self.expr(op.ty(), d);
                self.f.store(op, offset, address, value)
            }
            7 => {
                let condition = self.expr(Type::I32, d);
                let then = self.block(d);
                self.f.if_(condition, then)
            }
            8 => {
                let condition = self.expr(Type::I32, d);
                let (then, otherwise) = (self.block(d), self.block(d));
                self.f.if_else(condition, then, otherwise)
            }
            9 => {
                let body = self.nested(false, d);
                self.f.scope(body)
            }
            10 | 11 => self.counted_loop(d),
            12 => {
                let body = self.nested(true, d);
                // Most turns end the loop.
                let out = self.f.if_(self.leaf(Type::I32), self.f.break_(0));
                self.f.loop_(self.f.seq([out, body]))
            }
            13 => {
                let selector = self.expr(Type::I32, d);
                let arms: Vec<Expr> = (0..self.random.below(4)).map(|_| self.block(d)).collect();
                let default = self.block(d);
                self.f.switch(selector, arms, default)
            }
            14 => {
                let ty = self.random.pick(&TYPES);
                let value = self.expr(ty, d);
                self.f.drop_(value)
            }
            15 => match self.call(None, d) {
                Some(call) => call,
                None => self.f.seq([]),
            },
            16 if self.random.one_in(3) => {
                let condition = self.expr(Type::I32, d);
                let leave = self.leave(d);
                self.f.if_(condition, leave)
            }
            _ => {
                let shims: Vec<Shim> = Shim::ALL
                    .iter()
                    .copied()
                    .filter(|shim| shim.result().is_none())
                    .collect();
                let shim = self.random.pick(&shims);
                let args: Vec<Expr> = shim.params().iter().map(|ty| self.expr(*ty, d)).collect();
                self.f.shim(shim, args)
            }
        }
    }

    fn counted_loop(&mut self, depth: u32) -> Expr<'m> {
        let counter = self.f.local(Type::I32);
        let turns = self.f.i32(self.random.below(6) as i32);
        self.labels.push(true);
        let body = self.block(depth);
        self.labels.pop();
        // The step comes first, so that `continue` does not skip it.
        let step = counter.set(counter.get() + 1);
        let done = self.f.if_(counter.get().ge(turns), self.f.break_(0));
        let turn = self.f.seq([done, step, body]);
        self.f.seq([counter.set(self.f.i32(0)), self.f.loop_(turn)])
    }
}
