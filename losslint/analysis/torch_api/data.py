"""Data sets and loaders: what a batch holds, where the program says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.containers import element, is_dict, iterates, picked
from losslint.analysis.domain.heap import REST
from losslint.analysis.domain.joins import each
from losslint.analysis.domain.lookup import find_method
from losslint.analysis.domain.numbers import number
from losslint.analysis.domain.sizes import ANY, ROWS, VECTOR, reduced
from losslint.analysis.domain.trail import ONE_HOT_MADE, extend
from losslint.analysis.domain.values import (
    NONE,
    Class,
    Const,
    DType,
    Extern,
    Instance,
    TargetKind,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
)
from losslint.analysis.objective.metrics import corrected
from losslint.analysis.python.functions import call_function
from losslint.analysis.tensors.blending import operand
from losslint.analysis.tensors.indexing import SAMPLE
from losslint.analysis.torch_api.registry import GROUPS, Op, extern, method
from losslint.analysis.training.counts import BATCH_SIZE
from losslint.analysis.training.lightning import as_round, note_returned
from losslint.analysis.training.sampling import EVENED, SAMPLER, drawn

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.interpreter import Interpreter

LOADER = "torch.utils.data.DataLoader"
TENSORS = "torch.utils.data.TensorDataset"
TRAINER = "lightning.Trainer"
DATA = Unknown(grad=False)
"""What a loader gives where nothing else is known of it."""
_DATASET = "<dataset>"
_COLUMNS = "<columns>"
GROUPS.update(
    {
        LOADER: "loader",
        TENSORS: "dataset",
        TRAINER: "trainer",
        "sklearn.preprocessing.LabelBinarizer": "encoder",
        "sklearn.preprocessing.OneHotEncoder": "encoder",
    }
)


@extern(TENSORS, "torch.utils.data.dataset.TensorDataset")
def _tensors(op: Op) -> Value:
    made = op.run.new_instance(Extern(TENSORS))
    if not op.args.open:
        op.run.heap.set(made.slots, _COLUMNS, Tuple(tuple(op.args.positional)))
    return made


@extern(LOADER, "torch.utils.data.dataloader.DataLoader", "torch_geometric.loader.DataLoader")
def _loader(op: Op) -> Value:
    made = op.run.new_instance(Extern(LOADER))
    collate = op.given(6, "collate_fn")
    dataset = op.given(0, "dataset")
    batched = op.given(1, "batch_size") != NONE
    if dataset is not None and batched and (collate is None or collate == NONE):
        op.run.heap.set(made.slots, _DATASET, dataset)
    size = op.given(1, "batch_size")
    if not op.args.open:
        op.run.heap.set(made.slots, BATCH_SIZE, Const(1) if size is None else size)
    sampler = op.given(3, "sampler")
    if sampler is not None:
        op.run.heap.set(made.slots, SAMPLER, sampler)
    return made


@extern(*EVENED)
def _sampler(op: Op) -> Value:
    place = op.run.place(op.node)
    corrected(op.run, place)
    return op.run.new_instance(Extern(op.name), extend(None, place, "the sampler is built here"))


@extern("torch.utils.data.random_split", "torch.utils.data.dataset.random_split")
def _split(op: Op) -> Value:
    made = op.run.new_list()
    op.run.heap.set(made.slots, REST, op.arg(0, "dataset"))
    return made


@extern("torch.utils.data.Subset", "torch.utils.data.dataset.Subset")
def _subset(op: Op) -> Value:
    return op.arg(0, "dataset")


@extern("pytorch_lightning.Trainer", "lightning.pytorch.Trainer", TRAINER)
def _trainer(op: Op) -> Value:
    return op.run.new_instance(Extern(TRAINER))


@method("trainer", "fit")
def _fit(op: Op, target: Instance) -> Value:
    """Lightning's loop: it hands every batch of the loader to the module's training step."""

    module, loader = op.arg(0, "model"), op.given(1, "train_dataloaders")
    step = find_method(module, "training_step")
    if step is not None and isinstance(module, Instance):
        batch = element(op.run, loader, op.node) if loader is not None else DATA
        op.run.loops += 1
        try:
            args = Args(op.node, [batch, Unknown()])
            as_round(
                op.run,
                step,
                lambda: note_returned(
                    op.run, module, step.name, call_function(op.run, step, args, module)
                ),
            )
        finally:
            op.run.loops -= 1
    return NONE


@extern("keras.utils.to_categorical", "tensorflow.keras.utils.to_categorical",
        "keras.utils.np_utils.to_categorical")  # fmt: skip
def _categorical(op: Op) -> Value:
    return _one_hot(op, DType.FLOAT)


@extern("sklearn.preprocessing.LabelBinarizer", "sklearn.preprocessing.OneHotEncoder")
def _encoder(op: Op) -> Value:
    return op.run.new_instance(Extern(op.name))


@method("encoder", "fit_transform", "transform")
def _encoded(op: Op, target: Instance) -> Value:
    whole = isinstance(target.cls, Extern) and target.cls.name.endswith("LabelBinarizer")
    return _one_hot(op, DType.INT if whole else DType.FLOAT)


@method("encoder", "fit")
def _fitted(op: Op, target: Instance) -> Value:
    return target


def _one_hot(op: Op, dtype: DType) -> Tensor:
    trail = extend(None, op.run.place(op.node), ONE_HOT_MADE)
    return Tensor(target=TargetKind.ONE_HOT, dtype=dtype, grad=False, trail=trail)


@iterates(LOADER)
def batch_of(run: Interpreter, loader: Instance, node: cst.CSTNode | None) -> Value:
    """What one round of a loop over a loader binds."""
    drawn(run, loader)
    dataset = run.heap.get(loader.slots, _DATASET)
    if dataset is None:
        return DATA
    return each(dataset, lambda one: collated(run, _sample(run, one, node)))


def _sample(run: Interpreter, dataset: Value, node: cst.CSTNode | None) -> Value:
    if not isinstance(dataset, Instance):
        return DATA
    columns = run.heap.get(dataset.slots, _COLUMNS)
    if isinstance(columns, Tuple):
        return Tuple(
            tuple(
                picked(one).but(sizes=reduced(one.sizes, 0)) if isinstance(one, Tensor) else DATA
                for one in columns.items
            )
        )
    if isinstance(dataset.cls, Class) and node is not None:
        method_ = find_method(dataset, "__getitem__")
        if method_ is not None:
            return call_function(run, method_, Args(node, [SAMPLE]), dataset)
        return DATA
    return element(run, dataset, node)


def collated(run: Interpreter, sample: Value) -> Value:
    """Samples stacked to a batch: numbers become tensors, structure stays."""
    if isinstance(sample, Union):
        return each(sample, lambda one: collated(run, one))
    if isinstance(sample, Tensor):
        sizes = tuple(
            None if one == ROWS else abs(one) if isinstance(one, int) else one
            for one in sample.sizes
        )
        batch = (None, *sizes) if sizes != ANY else ANY
        return sample.but(grad=False, operations=frozenset(), terms=(), sizes=batch)
    if isinstance(sample, Const):
        if number(sample) is None:
            return DATA
        dtype = DType.FLOAT if isinstance(sample.value, float) else DType.INT
        return operand(sample).but(dtype=dtype, sizes=VECTOR)
    if isinstance(sample, Tuple):
        return Tuple(tuple(collated(run, item) for item in sample.items))
    if isinstance(sample, Instance) and is_dict(sample):
        together = run.new_dict()
        for key, item in list(sample.slots.items()):
            run.heap.set(together.slots, key, collated(run, item))
        return together
    return DATA
