# SPDX-License-Identifier: BSD-2-Clause
"""Holds exported networks to others' word: onnx's checker must find each file right, and ONNX Runtime must make of the
inputs what libgan made of them, within 1e-5 of the largest number, or of 1 where all are smaller. Without these two
modules the test is skipped. A network that is saved, and exported by the example program, must become the same file.

usage: onnx_check.py WRITE_ONNX [EXPORT_ONNX]"""
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy
    import onnx
    import onnxruntime
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

TOLERANCE = 1e-5
OPSETS = [13, 17, 21]  # the oldest, the default, the newest


def read(path, value):
    shape = [dimension.dim_value for dimension in value.type.tensor_type.shape.dim[1:]]
    return numpy.fromfile(path, "<f4").reshape([-1, *shape])


def problems(path):
    """What is wrong with one file, as sentences."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # nothing here is worth the start of threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    inputs, outputs = model.graph.input, model.graph.output
    for value in [*inputs, *outputs]:
        if value.type.tensor_type.shape.dim[0].dim_param != "N":
            yield f"{value.name} has no batch"
    batches = {file.name.split(".")[1] for file in path.parent.glob(f"{path.stem}.*.f32")}
    if len(batches) < 2:
        yield "fewer than two batches"
    for batch in sorted(batches):
        tensors = {v.name: read(path.parent / f"{path.stem}.{batch}.{v.name}.f32", v) for v in [*inputs, *outputs]}
        results = session.run(None, {value.name: tensors[value.name] for value in inputs})
        for value, result in zip(outputs, results):
            expected = tensors[value.name]
            if result.shape != expected.shape:
                yield f"{value.name} is {result.shape}, should be {expected.shape}"
                continue
            scale = max(1, numpy.nanmax(numpy.abs(expected), initial=0))
            if not numpy.allclose(result, expected, rtol=0, atol=TOLERANCE * scale, equal_nan=True):
                worst = numpy.nanmax(numpy.abs(result - expected)) / scale
                yield f"{value.name} differs by {worst} in a batch of {batch}"


def problems_and_refusals(path):
    """The same, and what a module says that does not take the file."""
    try:
        yield from problems(path)
    except Exception as error:  # each has exceptions of its own
        yield f"{type(error).__name__}: {error}"


def check_program(program, folder, opset):
    """Whether each saved network, of which there are none without JSON, becomes the file beside it."""
    for saved in pathlib.Path(folder).glob("*.safetensors"):
        made = saved.with_suffix(".made")
        subprocess.run([program, saved, made, str(opset)], check=True, stdout=subprocess.DEVNULL)
        if made.read_bytes() != saved.with_suffix(".onnx").read_bytes():
            yield f"{program} makes another file of {saved.name}"


onnxruntime.set_default_logger_severity(3)
passed = failures = 0
for opset in OPSETS:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder, str(opset)], check=True)
        for path in sorted(pathlib.Path(folder).glob("*.onnx")):
            found = list(problems_and_refusals(path))
            for problem in found:
                print(f"{path.stem}, opset {opset}: {problem}")
            failures += bool(found)
            passed += not found
        for program in sys.argv[2:]:
            for problem in check_program(program, folder, opset):
                print(problem)
                failures += 1
print(f"{100 if not failures else 0}%: Checks: {passed + failures}, Failures: {failures}, Errors: 0")
sys.exit(1 if failures or not passed else 0)
