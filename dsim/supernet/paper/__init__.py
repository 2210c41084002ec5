"""EfficientFormer's recipe for ImageNet: pictures read from disk, strong augmentation, mixed labels, clipped gradients."""
