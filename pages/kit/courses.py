"""Short courses: labs in an order that teaches, and for each why it comes now."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Course:
    """A name for links, a title, what one knows afterwards, and steps of (lab, why it comes now)."""

    slug: str
    title: str
    promise: str
    steps: tuple[tuple[str, str], ...]

    @property
    def labs(self) -> tuple[str, ...]:
        return tuple(lab for lab, _ in self.steps)


COURSES = (
    Course("shapes-of-a-cnn", "Shapes of a CNN", "You can say the shape after every layer, and why.", (
        ("receptive-field", "Begin with one neuron: the few pixels it reads decide everything that follows."),
        ("convolution-arithmetic", "Now count: kernel, stride, padding and dilation give the size of the output."),
        ("single-location-convolution", "One output number by hand shows what the sizes were counting."),
        ("conv1d-channels", "A kernel spans all channels; with one axis to slide along that is easiest to see."),
        ("anisotropic-strided-conv", "Height and width need not shrink alike."),
        ("separable-conv-parameters", "The same shapes for fewer weights: space first, then channels."),
        ("dense-as-convolution", "A dense layer is the convolution whose kernel is as large as its input."),
        ("network-receptive-field", "Stack them: what a neuron deep inside a real network sees."),
        ("skip-connection-crop-add", "Going down and up again, sizes that were rounded no longer meet."),
        ("learned-filters", "With all shapes understood, look at what training writes into the kernels."),
    )),
    Course("attention-and-masks", "Attention and masks", "You know which numbers a mask hides, and where it is lost.", (
        ("broadcasting", "Masks meet scores by broadcasting, so this rule comes first."),
        ("einsum", "Attention is two einsums: see which axes are kept and which are summed."),
        ("masked-softmax-attention", "One row of scores: what masking before the softmax changes."),
        ("multi-head-attention", "The same with batches and heads, where masks have axes to get wrong."),
        ("mask-propagation", "Between the layers of a model a mask can vanish without a word."),
        ("partial-convolution", "Masks are not only for words: a convolution over an image with holes."),
        ("channel-element-attention", "Attention can weigh channels and places as well as words."),
        ("capsule-prediction-einsum", "Many small products at once: the einsum behind another kind of attention."),
        ("dynamic-filter-convolution", "Weights computed from the input, as attention's are, used as a filter."),
        ("glimpse-extraction", "Hard attention: cut out the place one looks at."),
    )),
    Course("where-gradients-go", "Where gradients go", "You can follow a gradient back, and say where it ends.", (
        ("manual-backpropagation", "Compute every gradient of a small network by hand once."),
        ("moments-stop-gradient", "Then stop one on purpose, and see that the answer need not change."),
        ("batchnorm-nd", "A mean shared by many values sends its gradient to all of them."),
        ("recurrent-cell", "Through time a gradient passes the same kernel again and again, and fades or grows."),
        ("fake-quantization-ste", "Where the true slope is 0, a pretended one is sent on."),
        ("dying-relu-siamese", "A network whose gradients are all 0 learns nothing, and this is how it looks."),
        ("optimizer-steps", "What arrives is a direction; optimizers differ in the step they take."),
        ("rmsprop-update-delta", "One of them digit by digit: the step is not the gradient."),
        ("weight-constraints", "After the step, weights can be pushed back to where they are allowed."),
    )),
    Course("from-data-to-loss", "From data to loss", "You can get any data set through a model to a loss that means something.", (
        ("random-pairing-pipeline", "Before any model: what a pipeline draws, and when it draws anew."),
        ("sliding-window-labels", "Cut a long series into windows, each with the label it should have."),
        ("rnn-input-windows", "Bring the windows into the three axes that a recurrent layer reads."),
        ("recurrent-cell", "See what that layer makes of one window, step by step."),
        ("broadcasting", "Where a loss meets labels of another shape, broadcasting may hide the mistake."),
        ("model-boundary", "All shapes between data, model and loss, and the errors where they part."),
        ("sparse-softmax-cross-entropy", "The loss itself, number by number."),
        ("output-activation-loss", "The last activation and the loss must be chosen together."),
        ("one-hot-sequence-autoencoder", "The same choice for a whole sequence of events."),
        ("time-distributed-cnn-gru", "A model that compiles and learns nothing: every step so far, to be checked."),
        ("spectral-vae", "A loss of two parts, and data a million rows long."),
    )),
)  # fmt: skip


def course(slug: str | None) -> Course | None:
    """The course of this name."""
    return next((one for one in COURSES if one.slug == slug), None)


def course_of(lab: str, followed: str | None = None) -> Course | None:
    """The course a lab is a step of: the one that is followed, else the first that has it."""
    having = [one for one in COURSES if lab in one.labs]
    return next((one for one in having if one.slug == followed), having[0] if having else None)
