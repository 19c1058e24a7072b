//! Entry adapters: let a host call an exported function without knowing its signature at compile time.
//!
//! `fn(context, values)`: loads the arguments from 64-bit slots, calls, stores the result to the first slot.

use alloc::vec::Vec;

use cranelift_codegen::ir::{self, InstBuilder, MemFlagsData, types};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use crate::compile::name_of;
use crate::translate::{Scene, native_signature, type_of};

/// Builds the adapter of function `index` in `func`, which is empty.
pub(crate) fn entry(
    func: &mut ir::Function,
    context: &mut FunctionBuilderContext,
    scene: &Scene<'_>,
    index: u32,
) {
    let target = scene.target;
    let callee = &scene.module.functions()[index as usize].signature;
    let call_conv = target.default_call_conv();
    func.signature.call_conv = call_conv;
    func.signature
        .params
        .extend([types::I64; 2].map(ir::AbiParam::new));
    let native = native_signature(call_conv, callee);
    let mut builder = FunctionBuilder::new(func, context);
    let block = builder.create_block();
    builder.append_block_params_for_function_params(block);
    builder.switch_to_block(block);
    builder.seal_block(block);
    let (vm, values) = (
        builder.block_params(block)[0],
        builder.block_params(block)[1],
    );
    let flags = MemFlagsData::trusted();
    let mut args = Vec::from([vm]);
    for (slot, ty) in callee.params.iter().enumerate() {
        args.push(
            builder
                .ins()
                .load(type_of(*ty), flags, values, slot as i32 * 8),
        );
    }
    let signature = builder.import_signature(native);
    let name = name_of(builder.func, index);
    let function = builder.import_function(ir::ExtFuncData {
        name,
        signature,
        colocated: true,
        patchable: false,
    });
    let call = builder.ins().call(function, &args);
    if let Some(result) = builder.inst_results(call).first().copied() {
        builder.ins().store(flags, result, values, 0);
    }
    builder.ins().return_(&[]);
    builder.finalize(target.frontend_config());
}
