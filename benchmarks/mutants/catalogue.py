"""The programs: those in the folder beside this file, and public code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.mutants.program import Logits, Loss, Program

HERE = Path(__file__).parent
PACKAGES = HERE / "packages.txt"
OWN = HERE / "programs"

_CE = Loss.CROSS_ENTROPY
_BCE = Loss.BINARY_CROSS_ENTROPY
_MSE = Loss.SQUARED_ERROR
_GUARD = "drop the guard of a division"
_WHERE = "quotient in where"
_FLOATS = "floats as target"
_SUMMED = "losses summed"
_TOTAL = "only the total reported"
_COLUMN = "column of predictions"
_UNWEIGHTED = "drop the class weights"
_SIGMOIDS = "a sum of sigmoids is positive"
_BOLTS = "lightning-bolts==0.7.0"
_VALIDATION = "nothing is trained with this loss of a validation"
_COUNT = "what is counted has no graph"
_FILE = "the labels of the data may as well be rows of probabilities"
_FACTOR = "a factor, a quotient or another term beside it: the advice leaves such sums alone"
_SHAPES = "of what shape the data are, nothing says"
_ONE_STEP = "each step sees all of the data, which the advice leaves alone"
_ONE_OBJECTIVE = "the terms belong together by derivation, or are twins"
_NEVER_DRAWN = "the weight of a class that has no sample to be drawn"
_INFERENCE = "a score of anomalies, which nothing is trained with"
_PYOD = "pyod==3.6.7"
_CLEANRL = "cleanrl==1.2.0"


@dataclass(frozen=True, slots=True)
class Entry:
    """A program before its files are read."""

    files: tuple[str, ...]
    """Paths in the package, or in the folder of programs."""
    package: str | None = None
    logits: tuple[Logits, ...] = ()
    weighted_sums: tuple[str, ...] = ()
    harmless: Mapping[str, str] = field(default_factory=dict)

    def read(self, sources: Mapping[str, Path]) -> Program:
        """The program itself.

        Args:
            sources: the unpacked packages.
        """
        folder = OWN if self.package is None else sources[self.package]
        files = {file: (folder / file).read_text("utf-8") for file in self.files}
        name = self.files[0] if self.package is None else f"{self.package} {self.files[0]}"
        return Program(name, files, self.logits, self.weighted_sums, self.harmless)


def own_programs() -> Iterator[Program]:
    """The programs that were written for this."""
    for entry in _OWN:
        yield entry.read({})


def public_programs(sources: Mapping[str, Path]) -> Iterator[Program]:
    """The programs in packages.

    Args:
        sources: the unpacked packages, by ``name==version``.
    """
    for entry in _PUBLIC:
        yield entry.read(sources)


_OWN = (
    Entry(
        ("image_classifier.py",),
        logits=(Logits("image_classifier.py", "ConvNet.forward", _CE, layer="self.classifier"),),
        harmless={"drop item image_classifier.py:54": _COUNT},
    ),
    Entry(
        ("sentiment/main.py", "sentiment/network.py", "sentiment/trainer.py"),
        logits=(Logits("sentiment/network.py", "SentimentNet.forward", _CE, layer="self.output"),),
        harmless={_FLOATS: _FILE},
    ),
    Entry(
        ("multilabel_tagger.py",),
        logits=(Logits("multilabel_tagger.py", "Tagger.forward", _BCE, layer="self.tags"),),
        harmless={_UNWEIGHTED: "how rare the tags are, the file says"},
    ),
    Entry(
        ("segmentation/train.py", "segmentation/unet.py", "segmentation/losses.py"),
        logits=(Logits("segmentation/unet.py", "UNet.forward", _BCE, layer="self.head"),),
        harmless={
            f"{_GUARD} segmentation/losses.py:16": _SIGMOIDS,
            f"{_WHERE} segmentation/losses.py:16": _SIGMOIDS,
            _SUMMED: _FACTOR,
        },
    ),
    Entry(
        ("lightning_classifier.py",),
        logits=(Logits("lightning_classifier.py", "Classifier.forward", _CE, layer="self.head"),),
        harmless={_FLOATS: _FILE},
    ),
    Entry(("dcgan.py",), logits=(Logits("dcgan.py", "Discriminator.forward", _BCE),)),
    Entry(
        ("age_and_gender.py",),
        logits=(Logits("age_and_gender.py", "FaceNet.forward", _CE, 0, "self.gender"),),
        weighted_sums=("age_and_gender.py::train",),
        harmless={_FLOATS: _FILE, _SUMMED: _FACTOR, _COLUMN: _SHAPES},
    ),
    Entry(
        ("language_model.py",),
        logits=(Logits("language_model.py", "LanguageModel.forward", _CE, 0, "self.decoder"),),
        harmless={
            _FLOATS: _FILE,
            "one class language_model.py:16": "what is returned has a row for each of the words",
        },
    ),
    Entry(("box_regression.py",)),
    Entry(("reinforce.py",)),
    Entry(
        ("vae.py",),
        logits=(Logits("vae.py", "VAE.forward", _BCE, 0, "self.decode"),),
        harmless={"sigmoid before BCE vae.py:27": "a decoder with a KL term may have it"},
    ),
    Entry(
        ("contrastive.py",),
        logits=(Logits("contrastive.py", "Matcher.forward", _CE),),
        harmless={_SUMMED: _FACTOR},
    ),
    Entry(
        ("mixed_precision.py",),
        logits=(
            Logits("mixed_precision.py", "SensorTransformer.forward", _CE, layer="self.classify"),
        ),
        harmless={
            "step without the scaler mixed_precision.py:31": "the gradients were unscaled before; "
            "only the look for infinities is lost",
            _FLOATS: _FILE,
        },
    ),
    Entry(
        ("accelerate_pairs.py",),
        logits=(Logits("accelerate_pairs.py", "PairClassifier.forward", _BCE, layer="self.same"),),
    ),
    Entry(
        ("entity_tagger.py",),
        logits=(Logits("entity_tagger.py", "Tagger.forward", _CE, 0, "self.tags"),),
        harmless={_FLOATS: _FILE, _SUMMED: _FACTOR},
    ),
    Entry(
        ("distillation.py",),
        logits=(Logits("distillation.py", "Student.forward", _CE, layer="self.fc"),),
        harmless={_FLOATS: _FILE, _SUMMED: _FACTOR},
    ),
    Entry(("depth.py",)),
    Entry(("source_separation.py",)),
    Entry(
        ("click_prediction.py",),
        weighted_sums=("click_prediction.py::Fitter.loss",),
        harmless={_SUMMED: _FACTOR, _COLUMN: _SHAPES},
    ),
    Entry(
        ("speech_recogniser.py",),
        harmless={
            "batches divided by samples speech_recogniser.py:55": "its data set holds the batches"
        },
    ),
    Entry(
        ("greenhouse.py",),
        logits=(Logits("greenhouse.py", "Forecaster.forward", _MSE, layer="self.head"),),
    ),
    Entry(("flat_prices.py",)),
    Entry(("faces/train.py", "faces/margin.py")),
    Entry(("signatures.py",)),
    Entry(("ranking.py",)),
    Entry(
        ("street/train.py", "street/network.py", "street/weighting.py"),
        harmless={_FLOATS: _FILE, _SUMMED: _FACTOR},
    ),
    Entry(
        ("fraud.py",),
        logits=(Logits("fraud.py", "Detector.forward", _BCE, layer="self.fraud"),),
    ),
    Entry(
        ("defects.py",),
        harmless={
            f"{_GUARD} defects.py:31": _NEVER_DRAWN,
            f"{_WHERE} defects.py:31": _NEVER_DRAWN,
        },
    ),
    Entry(("accumulating.py",), harmless={_SUMMED: _FACTOR}),
    Entry(
        ("molecules.py",),
        logits=(Logits("molecules.py", "Soluble.forward", _BCE, layer="self.out"),),
    ),
    Entry(("supervised_contrast.py",)),
    Entry(("electricity.py",)),
    Entry(("poincare.py",)),
    Entry(
        ("gpt/train.py", "gpt/model.py"),
        logits=(Logits("gpt/model.py", "Decoder.forward", _CE, layer="self.head"),),
        harmless={_FLOATS: _FILE, _SUMMED: _FACTOR},
    ),
    Entry(("words.py",), harmless={"drop item words.py:41": _COUNT}),
    Entry(
        ("edges.py",),
        harmless={
            f"{_GUARD} edges.py:25": _SIGMOIDS,
            f"{_WHERE} edges.py:25": _SIGMOIDS,
        },
    ),
    Entry(
        ("linear_probe.py",),
        logits=(Logits("linear_probe.py", "Probe.forward", _CE, layer="self.linear"),),
        harmless={"drop item linear_probe.py:43": _COUNT},
    ),
    Entry(
        ("protein.py",),
        logits=(Logits("protein.py", "StructureNet.forward", _CE, layer="self.structures"),),
    ),
    Entry(
        ("cells.py",),
        logits=(Logits("cells.py", "CellNet.forward", _CE, 0, "self.kind"),),
        harmless={
            _FLOATS: _FILE,
            _SUMMED: _FACTOR,
            "term overwritten": "each term is looked at as well, which is a use of it",
        },
    ),
    Entry(("sharpness.py",), harmless={_SUMMED: _FACTOR}),
    Entry(("weather.py",), harmless={_SUMMED: _FACTOR}),
)

_GANS = "pl_bolts/models/gans"
_VISION = "pl_bolts/models/vision"
_REGRESSION = "pl_bolts/models/regression"
_NER = "pytorch_ner"
_AGENTS = "genrl/agents/deep"
_TRAINER = "pytorch_cnn_trainer/lightning_trainer.py"

_PUBLIC = (
    Entry(
        (f"{_REGRESSION}/logistic_regression.py",),
        _BOLTS,
        logits=(
            Logits(
                f"{_REGRESSION}/logistic_regression.py",
                "LogisticRegression._prepare_batch",
                _CE,
                0,
                "self.linear",
            ),
        ),
        harmless={_FLOATS: _FILE, _SUMMED: _FACTOR},
    ),
    Entry(
        (f"{_GANS}/pix2pix/pix2pix_module.py", f"{_GANS}/pix2pix/components.py"),
        _BOLTS,
        logits=(
            Logits(f"{_GANS}/pix2pix/components.py", "PatchGAN.forward", _BCE, layer="self.final"),
        ),
        weighted_sums=(f"{_GANS}/pix2pix/pix2pix_module.py::Pix2Pix._gen_step",),
        harmless={_SUMMED: _FACTOR},
    ),
    Entry(
        (f"{_GANS}/srgan/srgan_module.py", f"{_GANS}/srgan/components.py"),
        _BOLTS,
        logits=(Logits(f"{_GANS}/srgan/components.py", "SRGANDiscriminator.forward", _BCE),),
        weighted_sums=(f"{_GANS}/srgan/srgan_module.py::SRGAN._gen_loss",),
        harmless={
            f"input detached {_GANS}/srgan/srgan_module.py:168": "it is the image that is wanted",
            _SUMMED: _FACTOR,
        },
    ),
    Entry(
        (f"{_VISION}/segmentation.py", f"{_VISION}/unet.py"),
        _BOLTS,
        logits=(Logits(f"{_VISION}/unet.py", "UNet.forward", _CE, class_dim=1),),
        harmless={
            f"input detached {_VISION}/segmentation.py:95": _VALIDATION,
            f"loss not reduced {_VISION}/segmentation.py:95": f"{_VALIDATION}, and averaged later",
            f"{_SUMMED} {_VISION}/segmentation.py:95": _VALIDATION,
            _FLOATS: _FILE,
        },
    ),
    Entry(
        ("pyod/models/pyg_cola.py",),
        _PYOD,
        logits=(Logits("pyod/models/pyg_cola.py", "_Model.discriminate", _BCE, layer="self.disc"),),
        harmless={
            _SUMMED: _ONE_STEP,
            "drop the clamp before a division pyod/models/pyg_cola.py:104": "every node whose "
            "number is looked up there has an edge",
        },
    ),
    Entry(("pyod/models/vae.py", "pyod/models/base_dl.py"), _PYOD),
    Entry(("pyod/models/lunar.py",), _PYOD),
    Entry(("pyod/models/ae1svm.py",), _PYOD, harmless={_SUMMED: _FACTOR}),
    Entry(("pyod/models/ts_lstm.py",), _PYOD),
    Entry(
        ("deepod/models/tabular/goad.py", "deepod/core/base_model.py"),
        "deepod==0.4.1",
        logits=(
            Logits("deepod/models/tabular/goad.py", "GoadNet.forward", _CE, 1, "self.head", 1),
        ),
        harmless={
            "logarithm by hand deepod/models/tabular/goad.py:128": _INFERENCE,
            "softmax as a quotient deepod/models/tabular/goad.py:128": _INFERENCE,
            _SUMMED: _FACTOR,
        },
    ),
    Entry(("GCL/eval/logistic_regression.py",), "pygcl==0.1.2", harmless={_SUMMED: _ONE_STEP}),
    Entry(
        ("nymph/modules/norm_classifier.py", "nymph/models/linear.py", "nymph/core/base.py"),
        "nymph==0.2.4",
        logits=(Logits("nymph/models/linear.py", "LinearClassifier.forward", _CE),),
        harmless={_FLOATS: _FILE},
    ),
    Entry(
        (_TRAINER, "pytorch_cnn_trainer/model_factory.py"),
        "pytorch-cnn-trainer==0.3.0",
        logits=(Logits(_TRAINER, "CNN.forward", _CE, layer="self.top"),),
        harmless={f"input detached {_TRAINER}:44": _VALIDATION, _FLOATS: _FILE},
    ),
    Entry(
        (
            f"{_NER}/train.py",
            f"{_NER}/main.py",
            f"{_NER}/utils.py",
            f"{_NER}/nn_modules/architecture.py",
            f"{_NER}/nn_modules/embedding.py",
            f"{_NER}/nn_modules/rnn.py",
            f"{_NER}/nn_modules/linear.py",
        ),
        "pytorch-ner==0.1.0",
        logits=(
            Logits(
                f"{_NER}/nn_modules/linear.py", "LinearHead.forward", _CE, layer="self.linear_head"
            ),
        ),
        harmless={_FLOATS: _FILE},
    ),
    Entry(
        (f"{_AGENTS}/vpg/vpg.py", f"{_AGENTS}/base/onpolicy.py", f"{_AGENTS}/base/base.py"),
        "genrl==0.0.2",
    ),
    Entry(
        ("torchium/benchmarks/quick_benchmark.py",),
        "torchium==0.1.5",
        harmless={_SUMMED: _ONE_STEP},
    ),
    Entry(
        ("cleanrl/dqn.py",),
        _CLEANRL,
        harmless={
            "input detached cleanrl/dqn.py:217": "the wanted value stands first",
            _COLUMN: _SHAPES,
        },
    ),
    Entry(("cleanrl/ddpg_continuous_action.py",), _CLEANRL),
    Entry(("cleanrl/ppo_continuous_action.py",), _CLEANRL, harmless={_TOTAL: _ONE_OBJECTIVE}),
    Entry(("cleanrl/td3_continuous_action.py",), _CLEANRL, harmless={_TOTAL: _ONE_OBJECTIVE}),
    Entry(("cleanrl/sac_continuous_action.py",), _CLEANRL, harmless={_TOTAL: _ONE_OBJECTIVE}),
    Entry(("cleanrl/ppo.py",), _CLEANRL, harmless={_TOTAL: _ONE_OBJECTIVE}),
)
