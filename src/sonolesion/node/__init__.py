"""DICOM node: ultrasound in by C-STORE or DICOMweb, SEG, SR and SC back to the PACS.

::

    listener (C-STORE) --+                                       +--> C-STORE --+
                         +--> spool --> queue --> reader process-+              +--> PACS
    poller (QIDO, WADO) -+    (files)   (rows)    (may die)      +--> STOW-RS --+

An object is on the disk and in the queue before it is answered with success; what is to be sent is
on the disk before it is sent, and its UIDs are the same in a rerun. So a kill at any moment loses
nothing, and nothing arrives twice. Logs and status hold no name, number or UID of a patient: an
object is called by a short hash. Needs the extra [node]. Research use only.
"""

from __future__ import annotations
