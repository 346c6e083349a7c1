"""What all pages share: lists, navigation, numbers and dates in the reader's words, charts. No models."""
