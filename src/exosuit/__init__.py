"""Exosuit: see, take apart, apply and take back every change that an AI proposes."""

__version__ = "0.1.0"
