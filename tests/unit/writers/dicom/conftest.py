from dicom_results import with_lesions, written

__all__ = ["with_lesions", "written"]
